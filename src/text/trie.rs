//! A prefix tree of word pieces that is built once and takes nine bytes a node: 250,002 pieces make
//! a few megabytes, where a tree of hash tables takes two hundred.

/// Stands for "no piece ends here".
const NONE: u32 = u32::MAX;

/// Nodes in the order of a breadth-first walk, so that the children of a node lie side by side.
pub struct Trie {
    /// The byte that leads to each node; ascending among the children of one node.
    bytes: Vec<u8>,
    /// The first child of each node, where the last child of the node before ends; one more at the end.
    first_child: Vec<u32>,
    /// The piece that ends at each node, or [`NONE`].
    ids: Vec<u32>,
}

impl Trie {
    /// The tree of `count` pieces, numbered from zero. Of equal pieces the last counts.
    pub fn new<'a>(count: u32, piece: impl Fn(u32) -> &'a [u8]) -> Self {
        let mut sorted: Vec<u32> = (0..count).collect();
        sorted.sort_unstable_by(|&a, &b| piece(a).cmp(piece(b)).then(a.cmp(&b)));
        let new_nodes = |pair: &[u32]| piece(pair[1]).len() - common_prefix(piece(pair[0]), piece(pair[1]));
        let first = sorted.first().map_or(0, |&first| piece(first).len());
        let nodes = 1 + first + sorted.windows(2).map(new_nodes).sum::<usize>();
        let mut trie = Trie {
            bytes: Vec::with_capacity(nodes),
            first_child: Vec::with_capacity(nodes + 1),
            ids: Vec::with_capacity(nodes),
        };
        trie.bytes.push(0);
        // The nodes of one depth, each by the pieces that begin like it: the first, and one past the last.
        let mut level = vec![(0, sorted.len())];
        for depth in 0.. {
            let mut next = Vec::new();
            for (mut start, end) in level {
                let ended = sorted[start..end].partition_point(|&id| piece(id).len() == depth);
                trie.ids.push(if ended > 0 { sorted[start + ended - 1] } else { NONE });
                trie.first_child.push(trie.bytes.len() as u32);
                start += ended;
                while let Some(&id) = sorted[start..end].first() {
                    let byte = piece(id)[depth];
                    let alike = sorted[start..end].partition_point(|&id| piece(id)[depth] == byte);
                    trie.bytes.push(byte);
                    next.push((start, start + alike));
                    start += alike;
                }
            }
            if next.is_empty() {
                break;
            }
            level = next;
        }
        trie.first_child.push(trie.bytes.len() as u32);
        trie
    }

    /// Every piece that `text` begins with, the shortest first: its length and its number.
    pub fn prefixes(&self, text: &[u8]) -> impl Iterator<Item = (usize, u32)> {
        let nodes = text.iter().scan(0, |node, &byte| {
            *node = self.child(*node, byte)?;
            Some(*node)
        });
        (1..).zip(nodes).map(|(length, node)| (length, self.ids[node])).filter(|&(_, id)| id != NONE)
    }

    /// The number of a piece.
    pub fn get(&self, piece: &[u8]) -> Option<u32> {
        let node = piece.iter().try_fold(0, |node, &byte| self.child(node, byte))?;
        Some(self.ids[node]).filter(|&id| id != NONE)
    }

    fn child(&self, node: usize, byte: u8) -> Option<usize> {
        let [start, end] = [self.first_child[node] as usize, self.first_child[node + 1] as usize];
        self.bytes[start..end].binary_search(&byte).ok().map(|place| start + place)
    }
}

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}
