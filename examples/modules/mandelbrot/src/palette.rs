//! Which colour a point gets.

/// Colours around the circle, from deep water over lily leaves and blossom back to deep water.
const STOPS: [(f64, [f64; 3]); 7] = [
    (0.00, [6.0, 18.0, 46.0]),
    (0.18, [18.0, 84.0, 122.0]),
    (0.36, [38.0, 150.0, 118.0]),
    (0.54, [188.0, 222.0, 120.0]),
    (0.68, [255.0, 244.0, 214.0]),
    (0.82, [226.0, 106.0, 150.0]),
    (1.00, [6.0, 18.0, 46.0]),
];
/// Index of the points that never leave.
const INSIDE: u8 = 0;
/// How often the colours go round while the number of rounds doubles.
const TURNS: f64 = 0.42;

/// The 256 colours of the picture: the inside, then 255 round the circle.
pub fn colours() -> [[u8; 3]; 256] {
    let mut colours = [[4, 8, 20]; 256];
    for (at, colour) in colours.iter_mut().enumerate().skip(1) {
        *colour = blend((at - 1) as f64 / 255.0);
    }
    colours
}

/// The index of a point that left after so many rounds.
pub fn index(rounds: Option<f64>) -> u8 {
    let Some(rounds) = rounds else { return INSIDE };
    // The logarithm spreads the colours where the set is far and keeps them from flickering where it is near.
    let turns = (1.0 + rounds.max(0.0)).log2() * TURNS;
    1 + ((turns - turns.floor()) * 255.0).min(254.0) as u8
}

fn blend(at: f64) -> [u8; 3] {
    let after = STOPS.iter().position(|(stop, _)| *stop > at).unwrap_or(STOPS.len() - 1);
    let ((from, a), (to, b)) = (STOPS[after - 1], STOPS[after]);
    let part = (at - from) / (to - from);
    // Ease in and out, so that no stop shows as an edge.
    let part = part * part * (3.0 - 2.0 * part);
    std::array::from_fn(|channel| (a[channel] + (b[channel] - a[channel]) * part + 0.5) as u8)
}
