//! Four f32 lanes, and what an instruction set does with them. A kernel is written once
//! against [`Simd`]; the instruction set is a type parameter.
//!
//! [`Scalar`] exists everywhere and is the reference of all tests (natively the compiler
//! turns its arrays into vector instructions). `Plain` is WebAssembly's simd128, `Relaxed`
//! adds the fused multiply-add of relaxed-simd. Operations in the order of the reference
//! give the reference's bits, but for the fused multiply-add.

/// An instruction set. All methods work lane by lane.
pub trait Simd: Copy + Send + Sync + 'static {
    /// Four f32.
    type F: Copy;
    /// Four i32, or the result of a comparison: all bits of a lane set or none.
    type I: Copy;

    /// Name in tables.
    const NAME: &'static str;
    /// Rows of a tile of the matrix product: as many as its registers hold beside two vectors
    /// of weights.
    const ROWS: usize;

    /// All lanes `x`.
    fn splat(x: f32) -> Self::F;
    /// All lanes `x`.
    fn splat_i(x: i32) -> Self::I;

    /// Lanes from memory, not necessarily aligned.
    ///
    /// # Safety
    /// Four numbers can be read at `from`.
    unsafe fn load(from: *const f32) -> Self::F;
    /// Lanes to memory, not necessarily aligned.
    ///
    /// # Safety
    /// Four numbers can be written at `to`.
    unsafe fn store(to: *mut f32, x: Self::F);
    /// All lanes the number at `from`.
    ///
    /// # Safety
    /// A number can be read at `from`.
    unsafe fn load_splat(from: *const f32) -> Self::F;

    /// `a + b`
    fn add(a: Self::F, b: Self::F) -> Self::F;
    /// `a − b`
    fn sub(a: Self::F, b: Self::F) -> Self::F;
    /// `a · b`
    fn mul(a: Self::F, b: Self::F) -> Self::F;
    /// `a / b`
    fn div(a: Self::F, b: Self::F) -> Self::F;
    /// `a · b + c`, rounded once or twice.
    fn madd(a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// The smaller number. Which of NaN and a number, or of two zeros, is not defined: for
    /// relaxed-simd, the compiler itself takes the relaxed instruction.
    fn min(a: Self::F, b: Self::F) -> Self::F;
    /// The larger number; undefined where `min` is.
    fn max(a: Self::F, b: Self::F) -> Self::F;
    /// `√a`
    fn sqrt(a: Self::F) -> Self::F;
    /// `|a|`
    fn abs(a: Self::F) -> Self::F;
    /// To the nearest whole number, ties to even.
    fn nearest(a: Self::F) -> Self::F;
    /// Where `a < b`; false for NaN.
    fn lt(a: Self::F, b: Self::F) -> Self::I;
    /// Where `a` is NaN.
    fn is_nan(a: Self::F) -> Self::I;
    /// `a` where `mask` is set, else `b`.
    fn select(mask: Self::I, a: Self::F, b: Self::F) -> Self::F;
    /// The bits of `a`.
    fn to_bits(a: Self::F) -> Self::I;
    /// The numbers with these bits.
    fn from_bits(a: Self::I) -> Self::F;
    /// Whole numbers to i32; towards zero, saturating, NaN to 0.
    fn to_int(a: Self::F) -> Self::I;
    /// i32 to f32.
    fn to_float(a: Self::I) -> Self::F;
    /// `a + b`, wrapping.
    fn add_i(a: Self::I, b: Self::I) -> Self::I;
    /// `a − b`, wrapping.
    fn sub_i(a: Self::I, b: Self::I) -> Self::I;
    /// `a · b`, wrapping.
    fn mul_i(a: Self::I, b: Self::I) -> Self::I;
    /// Lanes from memory, not necessarily aligned.
    ///
    /// # Safety
    /// Four numbers can be read at `from`.
    unsafe fn load_i(from: *const i32) -> Self::I;
    /// Four u16 from memory as lanes, not necessarily aligned.
    ///
    /// # Safety
    /// Four numbers can be read at `from`.
    unsafe fn load_u16(from: *const u16) -> Self::I;
    /// Sixteen lanes to memory as bytes; all are in 0..=255.
    ///
    /// # Safety
    /// Sixteen bytes can be written at `to`.
    unsafe fn store_u8(to: *mut u8, lanes: [Self::I; 4]);
    /// Bitwise.
    fn and(a: Self::I, b: Self::I) -> Self::I;
    /// Bitwise.
    fn or(a: Self::I, b: Self::I) -> Self::I;
    /// `a << BITS`
    fn shl<const BITS: u32>(a: Self::I) -> Self::I;
    /// The lanes.
    fn to_array(a: Self::F) -> [f32; 4];
}

/// Sum of the lanes, in one fixed order.
pub fn sum<S: Simd>(a: S::F) -> f32 {
    let [a, b, c, d] = S::to_array(a);
    (a + c) + (b + d)
}

/// Largest lane; NaN if the first one is.
pub fn largest<S: Simd>(a: S::F) -> f32 {
    let [a, b, c, d] = S::to_array(a);
    a.max(b).max(c.max(d))
}

/// Arrays of four numbers: the reference.
#[derive(Debug, Clone, Copy)]
pub struct Scalar;

fn each<A: Copy, B: Copy, C>(a: [A; 4], b: [B; 4], f: impl Fn(A, B) -> C) -> [C; 4] {
    [f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])]
}

impl Simd for Scalar {
    type F = [f32; 4];
    type I = [i32; 4];
    const NAME: &'static str = "scalar";
    const ROWS: usize = 4;

    #[inline(always)]
    fn splat(x: f32) -> [f32; 4] {
        [x; 4]
    }
    #[inline(always)]
    fn splat_i(x: i32) -> [i32; 4] {
        [x; 4]
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> [f32; 4] {
        // SAFETY: the caller's promise.
        unsafe { from.cast::<[f32; 4]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, x: [f32; 4]) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[f32; 4]>().write_unaligned(x) }
    }
    #[inline(always)]
    unsafe fn load_splat(from: *const f32) -> [f32; 4] {
        // SAFETY: the caller's promise.
        [unsafe { from.read() }; 4]
    }
    #[inline(always)]
    fn add(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn div(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(a, b, |a, b| a / b)
    }
    #[inline(always)]
    fn madd(a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        Self::add(Self::mul(a, b), c)
    }
    #[inline(always)]
    fn min(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(a, b, |a, b| if b < a { b } else { a })
    }
    #[inline(always)]
    fn max(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(a, b, |a, b| if a < b { b } else { a })
    }
    #[inline(always)]
    fn sqrt(a: [f32; 4]) -> [f32; 4] {
        a.map(f32::sqrt)
    }
    #[inline(always)]
    fn abs(a: [f32; 4]) -> [f32; 4] {
        a.map(f32::abs)
    }
    #[inline(always)]
    fn nearest(a: [f32; 4]) -> [f32; 4] {
        a.map(f32::round_ties_even)
    }
    #[inline(always)]
    fn lt(a: [f32; 4], b: [f32; 4]) -> [i32; 4] {
        each(a, b, |a, b| -i32::from(a < b))
    }
    #[inline(always)]
    fn is_nan(a: [f32; 4]) -> [i32; 4] {
        a.map(|a| -i32::from(a.is_nan()))
    }
    #[inline(always)]
    fn select(mask: [i32; 4], a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        let picked = each(a, b, |a, b| (a, b));
        each(mask, picked, |mask, (a, b)| if mask != 0 { a } else { b })
    }
    #[inline(always)]
    fn to_bits(a: [f32; 4]) -> [i32; 4] {
        a.map(|a| a.to_bits() as i32)
    }
    #[inline(always)]
    fn from_bits(a: [i32; 4]) -> [f32; 4] {
        a.map(|a| f32::from_bits(a as u32))
    }
    #[inline(always)]
    fn to_int(a: [f32; 4]) -> [i32; 4] {
        a.map(|a| a as i32)
    }
    #[inline(always)]
    fn to_float(a: [i32; 4]) -> [f32; 4] {
        a.map(|a| a as f32)
    }
    #[inline(always)]
    fn add_i(a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
        each(a, b, i32::wrapping_add)
    }
    #[inline(always)]
    fn sub_i(a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
        each(a, b, i32::wrapping_sub)
    }
    #[inline(always)]
    fn mul_i(a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
        each(a, b, i32::wrapping_mul)
    }
    #[inline(always)]
    unsafe fn load_i(from: *const i32) -> [i32; 4] {
        // SAFETY: the caller's promise.
        unsafe { from.cast::<[i32; 4]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn load_u16(from: *const u16) -> [i32; 4] {
        // SAFETY: the caller's promise.
        unsafe { from.cast::<[u16; 4]>().read_unaligned() }.map(i32::from)
    }
    #[inline(always)]
    unsafe fn store_u8(to: *mut u8, lanes: [[i32; 4]; 4]) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[[u8; 4]; 4]>().write(lanes.map(|lanes| lanes.map(|lane| lane as u8))) }
    }
    #[inline(always)]
    fn and(a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
        each(a, b, |a, b| a & b)
    }
    #[inline(always)]
    fn or(a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
        each(a, b, |a, b| a | b)
    }
    #[inline(always)]
    fn shl<const BITS: u32>(a: [i32; 4]) -> [i32; 4] {
        a.map(|a| a << BITS)
    }
    #[inline(always)]
    fn to_array(a: [f32; 4]) -> [f32; 4] {
        a
    }
}

#[cfg(target_feature = "simd128")]
pub use wasm::Plain;
#[cfg(target_feature = "relaxed-simd")]
pub use wasm::Relaxed;

#[cfg(target_feature = "simd128")]
mod wasm {
    use super::Simd;
    use core::arch::wasm32::*;

    /// WebAssembly's simd128.
    #[derive(Debug, Clone, Copy)]
    pub struct Plain;

    /// simd128 with the fused multiply-add of relaxed-simd.
    #[cfg(target_feature = "relaxed-simd")]
    #[derive(Debug, Clone, Copy)]
    pub struct Relaxed;

    macro_rules! simd128 {
        ($name:ident, $label:literal, $rows:literal, |$a:ident, $b:ident, $c:ident| $madd:expr) => {
            impl Simd for $name {
                type F = v128;
                type I = v128;
                const NAME: &'static str = $label;
                const ROWS: usize = $rows;

                #[inline(always)]
                fn splat(x: f32) -> v128 {
                    f32x4_splat(x)
                }
                #[inline(always)]
                fn splat_i(x: i32) -> v128 {
                    i32x4_splat(x)
                }
                #[inline(always)]
                unsafe fn load(from: *const f32) -> v128 {
                    // SAFETY: the caller's promise.
                    unsafe { v128_load(from.cast()) }
                }
                #[inline(always)]
                unsafe fn store(to: *mut f32, x: v128) {
                    // SAFETY: the caller's promise.
                    unsafe { v128_store(to.cast(), x) }
                }
                #[inline(always)]
                unsafe fn load_splat(from: *const f32) -> v128 {
                    // SAFETY: the caller's promise.
                    unsafe { v128_load32_splat(from.cast()) }
                }
                #[inline(always)]
                fn add(a: v128, b: v128) -> v128 {
                    f32x4_add(a, b)
                }
                #[inline(always)]
                fn sub(a: v128, b: v128) -> v128 {
                    f32x4_sub(a, b)
                }
                #[inline(always)]
                fn mul(a: v128, b: v128) -> v128 {
                    f32x4_mul(a, b)
                }
                #[inline(always)]
                fn div(a: v128, b: v128) -> v128 {
                    f32x4_div(a, b)
                }
                #[inline(always)]
                fn madd($a: v128, $b: v128, $c: v128) -> v128 {
                    $madd
                }
                #[inline(always)]
                fn min(a: v128, b: v128) -> v128 {
                    f32x4_pmin(a, b)
                }
                #[inline(always)]
                fn max(a: v128, b: v128) -> v128 {
                    f32x4_pmax(a, b)
                }
                #[inline(always)]
                fn sqrt(a: v128) -> v128 {
                    f32x4_sqrt(a)
                }
                #[inline(always)]
                fn abs(a: v128) -> v128 {
                    f32x4_abs(a)
                }
                #[inline(always)]
                fn nearest(a: v128) -> v128 {
                    f32x4_nearest(a)
                }
                #[inline(always)]
                fn lt(a: v128, b: v128) -> v128 {
                    f32x4_lt(a, b)
                }
                #[inline(always)]
                fn is_nan(a: v128) -> v128 {
                    f32x4_ne(a, a)
                }
                #[inline(always)]
                fn select(mask: v128, a: v128, b: v128) -> v128 {
                    v128_bitselect(a, b, mask)
                }
                #[inline(always)]
                fn to_bits(a: v128) -> v128 {
                    a
                }
                #[inline(always)]
                fn from_bits(a: v128) -> v128 {
                    a
                }
                #[inline(always)]
                fn to_int(a: v128) -> v128 {
                    i32x4_trunc_sat_f32x4(a)
                }
                #[inline(always)]
                fn to_float(a: v128) -> v128 {
                    f32x4_convert_i32x4(a)
                }
                #[inline(always)]
                fn add_i(a: v128, b: v128) -> v128 {
                    i32x4_add(a, b)
                }
                #[inline(always)]
                fn sub_i(a: v128, b: v128) -> v128 {
                    i32x4_sub(a, b)
                }
                #[inline(always)]
                fn mul_i(a: v128, b: v128) -> v128 {
                    i32x4_mul(a, b)
                }
                #[inline(always)]
                unsafe fn load_i(from: *const i32) -> v128 {
                    // SAFETY: the caller's promise.
                    unsafe { v128_load(from.cast()) }
                }
                #[inline(always)]
                unsafe fn load_u16(from: *const u16) -> v128 {
                    // SAFETY: the caller's promise.
                    unsafe { u32x4_load_extend_u16x4(from) }
                }
                #[inline(always)]
                unsafe fn store_u8(to: *mut u8, [a, b, c, d]: [v128; 4]) {
                    let bytes = u8x16_narrow_i16x8(i16x8_narrow_i32x4(a, b), i16x8_narrow_i32x4(c, d));
                    // SAFETY: the caller's promise.
                    unsafe { v128_store(to.cast(), bytes) }
                }
                #[inline(always)]
                fn and(a: v128, b: v128) -> v128 {
                    v128_and(a, b)
                }
                #[inline(always)]
                fn or(a: v128, b: v128) -> v128 {
                    v128_or(a, b)
                }
                #[inline(always)]
                fn shl<const BITS: u32>(a: v128) -> v128 {
                    i32x4_shl(a, BITS)
                }
                #[inline(always)]
                fn to_array(a: v128) -> [f32; 4] {
                    [
                        f32x4_extract_lane::<0>(a),
                        f32x4_extract_lane::<1>(a),
                        f32x4_extract_lane::<2>(a),
                        f32x4_extract_lane::<3>(a),
                    ]
                }
            }
        };
    }

    simd128!(Plain, "simd128", 4, |a, b, c| f32x4_add(f32x4_mul(a, b), c));
    #[cfg(target_feature = "relaxed-simd")]
    simd128!(Relaxed, "relaxed", 6, |a, b, c| f32x4_relaxed_madd(a, b, c));
}

/// The fastest instruction set of this build.
#[cfg(target_feature = "relaxed-simd")]
pub type Best = Relaxed;
/// The fastest instruction set of this build.
#[cfg(all(target_feature = "simd128", not(target_feature = "relaxed-simd")))]
pub type Best = Plain;
/// The fastest instruction set of this build.
#[cfg(not(target_feature = "simd128"))]
pub type Best = Scalar;
