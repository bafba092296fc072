//! Buckets of distances: far tokens share one embedding of their relative position.

/// MPNet's buckets, 32 whatever the configuration says: half of them for keys behind the query,
/// one for each distance below 8, then ever wider ones up to 128. `distance` is that of the key
/// from the query, `key − query`. `transformers`: `MPNetEncoder.relative_position_bucket`.
pub(super) fn shared_bias_bucket(distance: i64) -> usize {
    const EXACT: u64 = 8;
    let behind = if distance > 0 { 16 } else { 0 };
    let size = distance.unsigned_abs();
    if size < EXACT {
        return behind + size as usize;
    }
    // Eight buckets for the four doublings from 8 to 128.
    let doublings = (size as f64 / EXACT as f64).log2();
    behind + (8 + (doublings * 2.0) as usize).min(15)
}

/// DeBERTa's buckets: the distance itself up to half of `buckets`, then logarithmic up to
/// `farthest`; of the sign of `distance`, `query − key`. `transformers`:
/// `make_log_bucket_position`.
pub(super) fn log_bucket(distance: i64, buckets: usize, farthest: usize) -> i64 {
    let middle = (buckets / 2) as i64;
    let size = distance.abs();
    if size <= middle {
        return distance;
    }
    let (middle, last) = (middle as f64, (farthest - 1) as f64);
    let steps = ((size as f64 / middle).ln() / (last / middle).ln() * (middle - 1.0)).ceil();
    distance.signum() * (steps + middle) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_those_of_python() {
        let of_key = [-200, -128, -64, -16, -8, -7, -1, 0, 1, 7, 8, 16, 64, 127, 128, 200];
        let expected = [15, 15, 14, 10, 8, 7, 1, 0, 17, 23, 24, 26, 30, 31, 31, 31];
        assert_eq!(of_key.map(shared_bias_bucket), expected);

        let distances = [0, 1, 127, 128, 129, 130, 200, 255, 256, 300, 400, 511, 512, 600];
        let expected = [0, 1, 127, 128, 129, 130, 169, 192, 192, 207, 233, 255, 256, 270];
        assert_eq!(distances.map(|distance| log_bucket(distance, 256, 512)), expected);
        assert_eq!(distances.map(|distance| log_bucket(-distance, 256, 512)), expected.map(|bucket| -bucket));
    }
}
