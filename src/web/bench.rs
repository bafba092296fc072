//! Entry points of `./build.sh bench kernels`, `bench profile` and `bench tokenizers`: single
//! kernels, the peak of the processor to compare them with, the time of each operation of a model,
//! and tokenizers without a model.

use candle_core::Tensor;
use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;

use super::error::{invalid_argument, to_js};
use super::pipeline::Pipeline;
use super::values::{Result, read_files};
use crate::kernels::{Epilogue, KERNELS, Matrix, StoredRow, peak};
use crate::nn::profile;
use crate::text::{Batch, Input, Tokenizer};

/// Begins to count the time of each operation.
#[wasm_bindgen]
pub fn count_times() {
    profile::count_by(super::clock::now);
}

#[wasm_bindgen]
impl Pipeline {
    /// The encoder's output for every token, for sequences as in `logits`: rows of `hidden_size`
    /// numbers.
    pub fn last_hidden_state(&self, input_ids: &[u32], lengths: &[u32]) -> Result<Vec<f32>> {
        let hidden = self.inner.model().last_hidden_state(&batch_of(input_ids, lengths)?);
        numbers(&hidden.map_err(to_js)?)
    }

    /// Raw logits of token ids: sequences of the given lengths end to end, token types zero.
    /// Rows of one number per label.
    pub fn logits(&self, input_ids: &[u32], lengths: &[u32]) -> Result<Vec<f32>> {
        numbers(&self.inner.model().forward(&batch_of(input_ids, lengths)?).map_err(to_js)?)
    }
}

/// All numbers of a tensor, row by row.
fn numbers(x: &Tensor) -> Result<Vec<f32>> {
    x.flatten_all().and_then(|flat| flat.to_vec1()).map_err(|error| to_js(error.into()))
}

fn batch_of(input_ids: &[u32], lengths: &[u32]) -> Result<Batch> {
    let mut batch = Batch::default();
    let mut rest = input_ids;
    for &length in lengths {
        let (ids, others) = rest.split_at_checked(length as usize).ok_or_else(|| invalid_argument("too few ids"))?;
        batch.push(ids, &vec![0; ids.len()]);
        rest = others;
    }
    Ok(batch)
}

/// Names of all kernels of this build.
#[wasm_bindgen]
pub fn kernel_names() -> Array {
    KERNELS.iter().map(|kernel| JsValue::from(kernel.name())).collect()
}

/// A product with random weights, ready to be timed.
#[wasm_bindgen]
#[derive(Debug)]
pub struct KernelBench {
    x: Vec<f32>,
    matrices: Vec<Matrix>,
    next: usize,
}

#[wasm_bindgen]
impl KernelBench {
    /// `copies` matrices of `outputs` × `inputs`, to be used in turn with `rows` rows.
    #[wasm_bindgen(constructor)]
    pub fn new(kernel: &str, rows: usize, outputs: usize, inputs: usize, copies: usize) -> Result<KernelBench> {
        let kernel = KERNELS.iter().find(|known| known.name() == kernel);
        let kernel = *kernel.ok_or_else(|| invalid_argument("no such kernel"))?;
        let mut seed = 1_u32;
        let mut random = move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        let x = (0..rows * inputs).map(|_| random()).collect();
        let mut matrices = Vec::new();
        for _ in 0..copies {
            let matrix = Matrix::reserve(kernel, 1, outputs, inputs);
            let mut matrix = matrix.ok_or_else(|| invalid_argument("out of memory"))?;
            for output in 0..outputs {
                let row: Vec<f32> = (0..inputs).map(|_| random()).collect();
                matrix.write_row(output, &StoredRow::new(kernel.precision(), &row));
            }
            matrices.push(matrix);
        }
        Ok(KernelBench { x, matrices, next: 0 })
    }

    /// Multiplies that many times, each time with the next matrix.
    pub fn run(&mut self, times: usize) {
        for _ in 0..times {
            std::hint::black_box(self.matrices[self.next].multiply(&self.x, 0..1, Epilogue::default()));
            self.next = (self.next + 1) % self.matrices.len();
        }
    }
}

/// See [`peak::f32`].
#[wasm_bindgen]
pub fn peak_f32(times: usize) -> f32 {
    peak::f32(times)
}

/// See [`peak::int8`].
#[wasm_bindgen]
pub fn peak_int8(times: usize) -> f64 {
    peak::int8(times)
}

/// `[[operation, milliseconds], …]` since the last call.
#[wasm_bindgen]
pub fn take_times() -> Array {
    profile::take_times().into_iter().map(|(name, time)| Array::of2(&name.into(), &time.into())).collect()
}

/// A tokenizer without a model.
#[wasm_bindgen]
#[derive(Debug)]
pub struct TokenizerBench {
    inner: Tokenizer,
}

#[wasm_bindgen]
impl TokenizerBench {
    /// Takes the files as `Loader` does.
    #[wasm_bindgen(constructor)]
    pub fn new(files: &Object) -> Result<TokenizerBench> {
        let (small_files, _) = read_files(files)?;
        Ok(TokenizerBench { inner: Tokenizer::from_files(&small_files, 2).map_err(to_js)? })
    }

    /// How many tokens the texts have.
    pub fn count(&self, texts: Vec<String>) -> Result<usize> {
        let count =
            |text: String| self.inner.encode(&Input { text, text_pair: None }).map(|tokens| tokens.input_ids.len());
        texts.into_iter().map(count).sum::<crate::Result<usize>>().map_err(to_js)
    }
}
