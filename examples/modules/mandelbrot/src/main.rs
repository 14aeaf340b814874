//! Computes a picture of the Mandelbrot set and writes it to `/outputs/mandelbrot.png`.
//!
//! Usage: `mandelbrot WIDTH HEIGHT RE IM ZOOM ITERATIONS`: the picture's size in pixels, its centre, how far it looks
//! in (1 shows the whole set), and after how many rounds a point counts as inside. Missing values show a small copy
//! of the set among its lightning. The same values give the same bytes everywhere: logarithm, colours and compression
//! are part of the program.

mod deflate;
mod palette;
mod png;

use std::process::ExitCode;

struct View {
    width: u32,
    height: u32,
    re: f64,
    im: f64,
    zoom: f64,
    rounds: u32,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let drawn = view(&args).and_then(|view| {
        println!(
            "{} x {} pixels around {} {:+}i, zoom {}, {} rounds",
            view.width, view.height, view.re, view.im, view.zoom, view.rounds
        );
        let picture = png::indexed(view.width, view.height, &palette::colours(), &draw(&view));
        std::fs::write("/outputs/mandelbrot.png", &picture).map_err(|error| error.to_string())?;
        println!("mandelbrot.png: {} bytes", picture.len());
        Ok(())
    });
    match drawn {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("mandelbrot: {why}");
            ExitCode::from(2)
        }
    }
}

fn view(args: &[String]) -> Result<View, String> {
    let number = |at: usize, name: &str, default: f64, least: f64, most: f64| match args.get(at) {
        None => Ok(default),
        Some(text) => match text.parse::<f64>() {
            Ok(value) if (least..=most).contains(&value) => Ok(value),
            _ => Err(format!("{name} must be a number from {least} to {most}, not {text:?}")),
        },
    };
    Ok(View {
        width: number(0, "width", 640.0, 1.0, 4096.0)? as u32,
        height: number(1, "height", 400.0, 1.0, 4096.0)? as u32,
        re: number(2, "re", -0.158, -4.0, 4.0)?,
        im: number(3, "im", 1.034, -4.0, 4.0)?,
        zoom: number(4, "zoom", 60.0, 0.1, 1e13)?,
        rounds: number(5, "iterations", 250.0, 1.0, 100_000.0)? as u32,
    })
}

/// The palette index of every pixel, row by row.
fn draw(view: &View) -> Vec<u8> {
    let step = 3.0 / (view.zoom * f64::from(view.height.min(view.width)));
    let left = view.re - step * (f64::from(view.width) - 1.0) / 2.0;
    let top = view.im + step * (f64::from(view.height) - 1.0) / 2.0;
    let mut pixels = Vec::with_capacity(view.width as usize * view.height as usize);
    for y in 0..view.height {
        let im = top - step * f64::from(y);
        for x in 0..view.width {
            pixels.push(palette::index(escape(left + step * f64::from(x), im, view.rounds)));
        }
        if y % 64 == 63 {
            println!("{} of {} rows", y + 1, view.height);
        }
    }
    pixels
}

/// After how many rounds the point leaves the set, with the fraction that makes colours flow; `None` where it stays.
fn escape(re: f64, im: f64, rounds: u32) -> Option<f64> {
    if inside_the_big_parts(re, im) {
        return None;
    }
    let (mut x, mut y, mut xx, mut yy) = (0.0, 0.0, 0.0, 0.0);
    // A point that comes back to where it was goes round for ever: look at it after 8, 16, 32… rounds.
    let (mut seen_x, mut seen_y, mut look) = (0.0, 0.0, 8);
    for round in 0..rounds {
        y = (x + x) * y + im;
        x = xx - yy + re;
        xx = x * x;
        yy = y * y;
        if xx + yy > 256.0 {
            let fraction = ((xx + yy).ln() / 256f64.ln()).log2();
            return Some(f64::from(round) + 1.0 - fraction);
        }
        if x == seen_x && y == seen_y {
            return None;
        }
        if round == look {
            (seen_x, seen_y, look) = (x, y, look * 2);
        }
    }
    None
}

/// The main heart and the disc to its left hold most of the set, and a formula tells.
fn inside_the_big_parts(re: f64, im: f64) -> bool {
    let q = (re - 0.25) * (re - 0.25) + im * im;
    q * (q + (re - 0.25)) <= 0.25 * im * im || (re + 1.0) * (re + 1.0) + im * im <= 0.0625
}
