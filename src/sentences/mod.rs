//! What `sentence-transformers` puts around an encoder: the files of a folder in, a [`TextEmbedder`](embedder::TextEmbedder)
//! out, or the settings of a model that ranks. Called by `text_model`, `tasks`, `pipeline` and `folder`. Never knows a task.

pub mod arguments;
pub mod cross_encoder;
pub mod dense;
pub mod embedder;
pub mod module_weights;
pub mod modules;
pub mod pooling;
pub mod prompts;
pub mod role;
pub mod settings;
