//! Entry points of `./build.sh bench kernels`, `bench profile` and `bench tokenizers`: single
//! kernels, the peak of the processor to compare them with, the time of each operation of a model,
//! and tokenizers without a model.

use std::cell::RefCell;

use js_sys::{Array, Object, Uint8Array};
use wasm_bindgen::prelude::*;

use super::{Result, invalid_argument, to_js};
use crate::kernels::simd::{Best, Simd};
use crate::kernels::{Epilogue, KERNELS, Matrix, StoredRow};
use crate::text::{Input, SmallFiles, Tokenizer};

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

/// `8 · 12 · times` f32 multiply-adds on registers alone.
#[wasm_bindgen]
pub fn peak_f32(times: usize) -> f32 {
    // Different values, lest the compiler compute one sum in place of twelve.
    let mut sums: [_; 12] = std::array::from_fn(|sum| Best::splat(std::hint::black_box(sum as f32)));
    let [a, b] = [Best::splat(std::hint::black_box(0.999)), Best::splat(std::hint::black_box(1e-6))];
    for _ in 0..times {
        for sum in &mut sums {
            *sum = Best::madd(*sum, a, b);
        }
        for sum in &mut sums {
            *sum = Best::madd(*sum, a, b);
        }
    }
    sums.iter().map(|&sum| Best::to_array(sum)[0]).sum()
}

/// `2 · 12 · 4 · GROUP · times` products of the build's int8 instruction on registers alone;
/// returns that number of products for one time. The sums are multiplied, as a product that does
/// not change would be computed once.
#[wasm_bindgen]
pub fn peak_int8(times: usize) -> f64 {
    #[cfg(target_feature = "relaxed-simd")]
    use crate::kernels::int8::AddDot as Form;
    use crate::kernels::int8::Dot;
    #[cfg(not(target_feature = "relaxed-simd"))]
    use crate::kernels::int8::WideDot as Form;
    let bytes = std::hint::black_box([3_i8; 16]);
    // SAFETY: sixteen weights can be read.
    let weights = unsafe { Form::weights(bytes.as_ptr()) };
    let mut sums: [_; 12] = std::array::from_fn(|sum| <Form as Dot>::S::splat_i(std::hint::black_box(sum as i32)));
    for _ in 0..times {
        for sum in &mut sums {
            *sum = Form::dot(weights, *sum, *sum);
        }
        for sum in &mut sums {
            *sum = Form::dot(weights, *sum, *sum);
        }
    }
    std::hint::black_box(sums);
    (2 * 12 * 4 * Form::GROUP) as f64
}

thread_local! {
    /// Milliseconds by operation.
    static TIMES: RefCell<Vec<(&'static str, f64)>> = const { RefCell::new(Vec::new()) };
}

/// Counts the time of `operation` under its name.
pub fn timed<T>(name: &'static str, operation: impl FnOnce() -> T) -> T {
    let start = super::now();
    let result = operation();
    let took = super::now() - start;
    TIMES.with_borrow_mut(|times| match times.iter_mut().find(|(known, _)| *known == name) {
        Some((_, sum)) => *sum += took,
        None => times.push((name, took)),
    });
    result
}

/// `[[operation, milliseconds], …]` since the last call.
#[wasm_bindgen]
pub fn take_times() -> Array {
    let times = TIMES.take();
    times.into_iter().map(|(name, time)| Array::of2(&name.into(), &time.into())).collect()
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
        let mut small_files = SmallFiles::default();
        for entry in Object::entries(files) {
            let entry: Array = entry.unchecked_into();
            let name = entry.get(0).as_string().unwrap_or_default();
            small_files.insert(name, Uint8Array::new(&entry.get(1)).to_vec());
        }
        Ok(TokenizerBench { inner: Tokenizer::from_files(&small_files, 2).map_err(to_js)? })
    }

    /// How many tokens the texts have.
    pub fn count(&self, texts: Vec<String>) -> Result<usize> {
        let count =
            |text: String| self.inner.encode(&Input { text, text_pair: None }).map(|tokens| tokens.input_ids.len());
        texts.into_iter().map(count).sum::<crate::Result<usize>>().map_err(to_js)
    }
}
