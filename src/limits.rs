//! Every bound on what is read from outside, each with its reason. A value beyond its
//! bound is an error before anything of its size is allocated.

/// Longest safetensors header, in bytes. A 24-layer encoder's takes 60 kB; a parser of
/// unbounded JSON can be made to take seconds and hundreds of megabytes.
pub const HEADER_BYTES: u64 = 8 << 20;

/// Most tensors in the safetensors files of a model. The largest encoders people use have
/// below 1,000.
pub const TENSORS: usize = 16_384;

/// Most safetensors files of one model. XLM-R XXL in pieces of 200 MB would have 215.
pub const SHARDS: usize = 256;

/// Largest `model.safetensors.index.json`, in bytes: a name for each tensor and its file.
pub const INDEX_BYTES: usize = 4 << 20;

/// Longest name of a safetensors file, in bytes: what file systems allow.
pub const FILE_NAME_BYTES: usize = 255;

/// Longest piece of a file that is converted at once, in bytes. The memory a load needs
/// beside the weights themselves is one such window and one row of a tensor.
pub const WINDOW_BYTES: usize = 1 << 20;

/// Most bytes of weights, if there is a bound. A 32-bit module ends at 4,032 MiB; what is left is for tokenizer and
/// activations.
pub const WEIGHT_BYTES: Option<u64> = if cfg!(target_pointer_width = "32") { Some(3_584 << 20) } else { None };

/// Largest `config.json`, in bytes. A configuration with 65,536
/// labels in both directions takes about 4 MB.
pub const CONFIG_BYTES: usize = 16 << 20;

/// Largest tokenizer file, in bytes. XLM-R's `tokenizer.json` with 250,002 pieces has 17 MB.
pub const TOKENIZER_BYTES: usize = 128 << 20;

/// Longest text, in bytes of UTF-8. Only its beginning is read by a model, but the
/// tokenizer sees all of it.
pub const TEXT_BYTES: usize = 16 << 20;

/// Widest hidden vector. The widest encoder published (XLM-R XXL) has 4,096, and a feed-forward
/// layer of 16,384.
pub const HIDDEN_SIZE: usize = 8_192;

/// Widest feed-forward layer, four times the widest hidden vector.
pub const INTERMEDIATE_SIZE: usize = 4 * HIDDEN_SIZE;

/// Most layers. XLM-R XXL has 48.
pub const LAYERS: usize = 96;

/// Largest vocabulary. XLM-R has 250,002 pieces.
pub const VOCABULARY: usize = 1 << 20;

/// Most positions of a configuration. Embedders have 8,192, decoders 32,768 (Qwen3), 40,960 or 131,072 (Llama 3.1); only
/// a table of positions takes memory of that size, and a file has to hold it.
pub const POSITIONS: usize = 1 << 17;

/// Widest convolution along the tokens, in tokens. DeBERTa v2 has 3.
pub const CONVOLUTION: usize = 31;

/// Most labels of a classification head.
pub const LABELS: usize = 65_536;

/// Tokens computed between two looks at the caller, unless one text alone is longer: a
/// worker answers an abort within the time this takes.
pub const SLICE_TOKENS: usize = 256;
