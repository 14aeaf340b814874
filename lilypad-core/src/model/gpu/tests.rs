//! GPU requirements against the names and sizes that real cards report, and against every kind of text.

use proptest::prelude::*;

use super::*;

fn need(text: &str) -> GpuRequirement {
    text.parse().unwrap()
}

fn gpu(name: &str, vram: i64) -> GpuSpec {
    GpuSpec { name: name.into(), vendor: "NVIDIA".into(), vram }
}

fn named(model: &str, name: &str) -> bool {
    need(model).fits(&gpu(name, 0))
}

#[test]
fn every_part_can_be_left_out() {
    for (text, printed) in [
        ("2", "2"),
        ("1", "1"),
        ("002", "2"),
        ("nvidia", "nvidia"),
        ("NVIDIA:2", "nvidia:2"),
        ("ati", "amd"),
        ("AMD/ATI:1", "amd"),
        ("H100", "H100"),
        ("h100, a100,H100", "A100,H100"),
        ("24GB", "24GB.."),
        ("24 gb..", "24GB.."),
        ("16GB..48GB", "16GB..48GB"),
        ("..24GiB", "..24GiB"),
        ("0.5TB", "500GB.."),
        ("1.5 GiB", "1536MiB.."),
        ("nvidia:RTX 4090", "nvidia:RTX4090"),
        ("rtx-4090", "RTX4090"),
        ("amd:MI300X:4", "amd:MI300X:4"),
        (" nvidia : H100 , A100 : 80GB.. : 2 ", "nvidia:A100,H100:80GB..:2"),
        ("24GB:8", "24GB..:8"),
        ("1080 Ti", "1080TI"),
    ] {
        let read = need(text);
        assert_eq!(read.to_string(), printed, "{text}");
        assert_eq!(need(printed), read, "{text}");
        let json = serde_json::to_string(&read).unwrap();
        assert_eq!(json, format!("{printed:?}"));
        assert_eq!(serde_json::from_str::<GpuRequirement>(&json).unwrap(), read);
    }
}

#[test]
fn what_is_wrong_is_named_with_what_would_be_right() {
    for (text, part, hint) in [
        ("", "text", "any GPU"),
        (" ", "text", "any GPU"),
        ("nvidia::2", "text", "nvidia:2"),
        (":2", "text", "nvidia:2"),
        ("2:", "text", "nvidia:2"),
        ("0", "count", "RTX 4090"),
        ("129", "count", "RTX 4090"),
        ("nvidia:4090", "count", "RTX 4090"),
        ("RTX 4090,4080", "models", "RTX 4090"),
        ("2:nvidia", "vendor", "order"),
        ("80GB:H100", "models", "order"),
        ("2:80GB", "memory", "order"),
        ("nvidia:amd", "vendor", "order"),
        ("H100:A100", "models", "commas"),
        ("80GB:40GB", "memory", "order"),
        ("2:2", "count", "order"),
        ("NVIDIA H100", "models", "in front"),
        ("nvidia,amd", "models", "in front"),
        ("am d", "models", "in front"),
        ("A100 80GB", "models", "A100:80GB"),
        ("H100,80GB", "models", "A100:80GB"),
        ("H100,2 4 GB", "models", "A100:80GB"),
        ("H100,", "models", "H100"),
        ("H100*", "models", "H100"),
        ("-1", "models", "RTX 4090"),
        ("24G", "memory", "24GB"),
        ("24kB", "memory", "24GB"),
        ("..", "memory", "24GB"),
        ("16..48GB", "memory", "24GB"),
        ("48GB..16GB", "memory", "24GB"),
        ("25GiB..24GB", "memory", "24GB"),
        ("24.5GB..24GB", "memory", "24GB"),
        ("0GB", "memory", "24GB"),
        ("0.0001GB", "memory", "24GB"),
        ("1.3GiB", "memory", "24GB"),
        ("99999999999999999999GB", "memory", "24GB"),
        ("1001TB", "memory", "24GB"),
        ("1GB..2GB..3GB", "memory", "24GB"),
        ("A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P,Q", "models", "memory"),
        ("Ünit", "models", "H100"),
    ] {
        let error = text.parse::<GpuRequirement>().unwrap_err();
        assert_eq!(error.code(), "E_GPU", "{text}");
        assert!(error.context().any(|context| context == ("part", part)), "{text}: {error:?}");
        assert!(error.hint().unwrap().contains(hint), "{text}: {error}");
    }
    assert!("x".repeat(33).parse::<GpuRequirement>().is_err());
    assert!("x,".repeat(1_000).parse::<GpuRequirement>().is_err());
}

/// What cards report (`nvidia-smi --query-gpu=memory.total`, AMD's `rocm-smi`), and what they are sold with.
const REPORTED: [(&str, i64, u32); 16] = [
    ("NVIDIA H100 80GB HBM3", 81_559, 80),
    ("NVIDIA A100-SXM4-80GB", 81_920, 80),
    ("NVIDIA A100-SXM4-40GB", 40_536, 40),
    ("NVIDIA GeForce RTX 4090", 24_564, 24),
    ("NVIDIA GeForce RTX 3090", 24_576, 24),
    ("NVIDIA L4", 23_034, 24),
    ("NVIDIA A10G", 22_731, 24),
    ("NVIDIA L40S", 46_068, 48),
    ("NVIDIA RTX A6000", 49_140, 48),
    ("Tesla T4", 15_360, 16),
    ("Tesla T4", 15_109, 16),
    ("Tesla V100-SXM2-16GB", 16_160, 16),
    ("Tesla P4", 7_606, 8),
    ("Tesla K80", 11_441, 12),
    ("NVIDIA H200", 143_771, 141),
    ("AMD Instinct MI300X", 196_592, 192),
];

#[test]
fn real_cards_fit_the_size_that_they_are_sold_with() {
    for (name, vram, sold) in REPORTED {
        for text in [format!("{sold}GB"), format!("..{sold}GB"), format!("{sold}GB..{sold}GB")] {
            assert!(need(&text).fits(&gpu(name, vram)), "{name}: {text}");
        }
    }
    // The next class up and down stays out.
    for (vram, text) in [
        (11_264, "12GB"),
        (12_288, "..11GB"),
        (16_384, "24GB"),
        (24_576, "..16GB"),
        (24_564, "32GB"),
        (40_960, "48GB"),
        (49_140, "..40GB"),
        (24_564, "24GiB"),
        (24_577, "..24GiB"),
    ] {
        assert!(!need(text).fits(&gpu("", vram)), "{vram}: {text}");
    }
    assert!(need("24GiB..24GiB").fits(&gpu("", 24_576)));
    assert_eq!(need("16GB").memory().least(), Some(Mebibytes(15_106)));
    assert_eq!(need("..16GB").memory().most(), Some(Mebibytes(16_384)));
    assert!(!need("1MiB").fits(&gpu("", i64::MIN)) && need("..1GB").fits(&gpu("", -1)));
}

#[test]
fn models_are_whole_words() {
    for (model, name) in [
        ("H100", "NVIDIA H100 80GB HBM3"),
        ("h100", "NVIDIA H100 PCIe"),
        ("H100", "NVIDIA H100 NVL"),
        ("RTX 4090", "NVIDIA GeForce RTX 4090"),
        ("RTX4090", "NVIDIA GeForce RTX 4090"),
        ("geforce rtx 4090", "NVIDIA GeForce RTX 4090"),
        ("RTX 4090", "NVIDIA GeForce RTX4090"),
        ("RTX 4080 SUPER", "NVIDIA GeForce RTX 4080 SUPER"),
        ("RTX 4090 D", "NVIDIA GeForce RTX 4090 D"),
        ("RTX 4090 Laptop", "NVIDIA GeForce RTX 4090 Laptop GPU"),
        ("RTX 2080 SUPER with Max-Q", "NVIDIA GeForce RTX 2080 Super with Max-Q Design"),
        ("RTX 6000 Ada", "NVIDIA RTX 6000 Ada Generation"),
        ("A100", "NVIDIA A100-SXM4-80GB"),
        ("A100,H100", "NVIDIA A100-SXM4-80GB"),
        ("T4", "Tesla T4"),
        ("MI300X", "AMD Instinct MI300X_OAM"),
    ] {
        assert!(named(model, name), "{model} fits {name}");
    }
    for (model, name) in [
        ("A10", "NVIDIA A100"),
        ("A100", "NVIDIA A10"),
        ("H20", "NVIDIA H200"),
        ("L40", "NVIDIA L40S"),
        ("T4", "NVIDIA T4G"),
        ("H200", "NVIDIA GH200 480GB"),
        ("MI300", "AMD Instinct MI300X"),
        ("RTX 4080", "NVIDIA GeForce RTX 4080 SUPER"),
        ("RTX 4090", "NVIDIA GeForce RTX 4090 D"),
        ("RTX 4090", "NVIDIA GeForce RTX 4090 Laptop GPU"),
        ("RTX 2080", "NVIDIA GeForce RTX 2080 with Max-Q Design"),
        ("RTX 4070 Ti", "NVIDIA GeForce RTX 4070 Ti SUPER"),
        ("RTX 6000", "NVIDIA RTX 6000 Ada Generation"),
        ("H100", "NVIDIA H100 80GB HBM3 MIG 1g.10gb"),
        ("RTX 4090", "GeForce RTX"),
        ("H100", ""),
        ("GTX 1080", "Quadro"),
    ] {
        assert!(!named(model, name), "{model} does not fit {name}");
    }
}

#[test]
fn vendors_are_found_as_machines_spell_them() {
    let spec = |vendor: &str, name: &str| GpuSpec { vendor: vendor.into(), name: name.into(), vram: 0 };
    assert!(need("nvidia").fits(&spec("NVIDIA Corporation", "")));
    assert!(need("amd").fits(&spec("AMD/ATI", "")));
    assert!(need("ATI").fits(&spec("Advanced Micro Devices, Inc. [AMD/ATI]", "")));
    assert!(need("intel").fits(&spec(" ", "Intel Arc A770")));
    assert!(!need("intel").fits(&spec("NVIDIA", "Intel Arc A770")));
    assert!(!need("nvidia").fits(&spec("", "H100")));
    assert!(!need("nvidia").fits(&spec("NVIDIAN", "NVIDIA")));
    assert!(need("1").fits(&spec("", "")));
}

#[test]
fn the_wire_says_what_it_can() {
    let all = need("nvidia:RTX 4090:24GB..48GB:2").wire_spec();
    assert_eq!(all, GpuSpec { name: "RTX4090".into(), vendor: "NVIDIA".into(), vram: 22_659 });
    assert_eq!(
        need("amd:MI300X,MI250X:..24GB").wire_spec(),
        GpuSpec { vendor: "AMD/ATI".into(), ..GpuSpec::default() }
    );
    assert_eq!(
        need("intel:24GiB").wire_spec(),
        GpuSpec { vendor: "Intel".into(), vram: 24_576, ..GpuSpec::default() }
    );
}

#[test]
fn sets_hold_at_most_128_positions() {
    assert_eq!(
        (GpuSet::full(0), GpuSet::full(129), GpuSet::full(usize::MAX)),
        (GpuSet::EMPTY, GpuSet::full(128), GpuSet::full(128))
    );
    let mut set = GpuSet::full(127);
    assert_eq!(set.len(), 127);
    assert!(set.insert(127) && !set.insert(127) && !set.insert(128) && !set.insert(usize::MAX));
    assert!(set.contains(127) && !set.contains(128) && !set.contains(usize::MAX));
    assert!(set.remove(0) && !set.remove(0) && !set.remove(128));
    assert_eq!(set.iter().next(), Some(1));
    assert_eq!(set.minus(GpuSet::full(126)).iter().collect::<Vec<_>>(), [126, 127]);
    assert_eq!(set.intersection(GpuSet::full(3)).union([0, 500].into_iter().collect()), GpuSet::full(3));
    assert_eq!(format!("{:?}", GpuSet::full(2)), "{0, 1}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn texts_made_of_likely_pieces_never_panic_and_what_reads_prints_back(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "nvidia", "AMD", "ati", "d", "am", "H100", "RTX", "4090", "2", "4", "GB", "g", "MiB", "TB", "..", ".", ":",
                ":", ":", ",", " ", "-", "128", "Ti", "0", "é",
            ]),
            0..10,
        ),
    ) {
        let text: String = pieces.concat();
        if let Ok(read) = text.parse::<GpuRequirement>() {
            let printed = read.to_string();
            prop_assert_eq!(printed.parse::<GpuRequirement>().unwrap(), read, "{} as {}", text, printed);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,64}", name in ".{0,64}", vram in any::<i64>()) {
        if let Ok(read) = text.parse::<GpuRequirement>() {
            prop_assert_eq!(read.to_string().parse::<GpuRequirement>().unwrap(), read);
        }
        let spec = GpuSpec { vendor: text, name, vram };
        let _ = need("nvidia:H100,RTX 4090:16GB..24GB").fits(&spec);
        let _ = need("RTX 4090 D").fits(&spec);
    }

    #[test]
    fn whole_requirements_print_back(
        vendor in prop::sample::select(vec!["", "nvidia:", "amd:", "intel:"]),
        models in prop::collection::vec("[A-Z]{1,4} ?[0-9]{1,5}", 0..5),
        min in 1..400_u64,
        span in 0..400_u64,
        unit in prop::sample::select(vec!["MB", "GB", "GiB", "MiB"]),
        shape in 0..4,
        count in 1..=128_u32,
    ) {
        let models = if models.is_empty() { String::new() } else { format!("{}:", models.join(",")) };
        let memory = match shape {
            0 => String::new(),
            1 => format!("{min}{unit}:"),
            2 => format!("..{min}{unit}:"),
            _ => format!("{min}{unit}..{}{unit}:", min + span),
        };
        let text = format!("{vendor}{models}{memory}{count}");
        let Ok(read) = text.parse::<GpuRequirement>() else {
            // Five letters and digits can spell a vendor or a size; nothing else may be refused.
            prop_assert!(["AMD", "ATI"].iter().any(|word| models.contains(word)), "{}", text);
            return Ok(());
        };
        prop_assert_eq!(read.count(), usize::try_from(count).unwrap());
        prop_assert_eq!(read.to_string().parse::<GpuRequirement>().unwrap(), read);
    }
}
