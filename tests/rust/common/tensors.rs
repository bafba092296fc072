//! The tensors of a fixture, to be damaged, cut and saved again by the `safetensors` crate.

use std::collections::BTreeMap;

use headwise::internals::models::Model;
use headwise::internals::weights::Usage;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::Fixture;

/// Number type, shape and bytes by name.
pub type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

/// The weights of a fixture.
pub fn tensors(fixture: &Fixture) -> Tensors {
    read(fixture.model)
}

/// The tensors of a file.
pub fn read(file: &[u8]) -> Tensors {
    let tensors = SafeTensors::deserialize(file).expect("a valid file");
    let owned =
        |(name, view): (String, TensorView)| (name, (view.dtype(), view.shape().to_vec(), view.data().to_vec()));
    tensors.tensors().into_iter().map(owned).collect()
}

/// A file of these tensors, as Python would save it.
pub fn saved(tensors: &Tensors) -> Vec<u8> {
    let views = tensors.iter().map(|(name, (dtype, shape, data))| {
        (name, TensorView::new(*dtype, shape.clone(), data).expect("a valid view"))
    });
    safetensors::serialize(views, Some([("format".to_owned(), "pt".to_owned())].into())).expect("a valid file")
}

/// Every bit of a model's weights: its debug form spells out each of them.
pub fn bits(mut model: Model) -> String {
    model.usage = Usage::default();
    format!("{model:?}")
}

/// Numbers without a pattern, the same in every run (xorshift64).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
