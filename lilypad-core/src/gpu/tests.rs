//! Drivers that are well, that are broken, and that are not there.

use std::fs;

use super::reading::{Driver, Reading, look_at};
use super::{Survey, amd, bus};

#[derive(Clone)]
struct Fake {
    version: Result<String, String>,
    cuda: Result<i32, String>,
    count: Result<u32, String>,
    readings: Vec<Result<Reading, String>>,
}

impl Driver for Fake {
    fn version(&self) -> Result<String, String> {
        self.version.clone()
    }

    fn cuda(&self) -> Result<i32, String> {
        self.cuda.clone()
    }

    fn count(&self) -> Result<u32, String> {
        self.count.clone()
    }

    fn read(&self, index: u32) -> Result<Reading, String> {
        self.readings.get(index as usize).cloned().unwrap_or_else(|| Err("there is none".to_owned()))
    }
}

fn h100(number: u32) -> Reading {
    Reading {
        name: "NVIDIA H100 80GB HBM3".to_owned(),
        uuid: format!("GPU-0a1b2c3d-0000-4000-8000-{number:012}"),
        memory: 81_559 << 20,
        used: Some(4 << 20),
        bus: Some("00000000:01:00.0".to_owned()),
        busy: Some(3),
        temperature: Some(31),
        memory_errors: Some(0),
        ..Reading::default()
    }
}

fn fake(readings: Vec<Result<Reading, String>>) -> Fake {
    let count = readings.len() as u32;
    Fake { version: Ok("550.54.14".to_owned()), cuda: Ok(12_040), count: Ok(count), readings }
}

fn survey_of(fake: &Fake) -> Survey {
    let mut survey = Survey::default();
    look_at(fake, &mut survey);
    survey
}

#[test]
fn gpus_are_described_as_offers_name_them() {
    let survey = survey_of(&fake(vec![Ok(h100(1)), Ok(h100(2))]));
    assert_eq!(survey.warnings, [""; 0]);
    assert_eq!((survey.driver, survey.cuda), ("550.54.14".parse().ok(), "12.4".parse().ok()));
    let gpu = &survey.gpus[1];
    assert_eq!(gpu.id, "GPU-0a1b2c3d-0000-4000-8000-000000000002");
    assert_eq!((gpu.spec.name.as_str(), gpu.spec.vendor.as_str()), ("NVIDIA H100 80GB HBM3", "NVIDIA"));
    assert_eq!((gpu.spec.vram, gpu.used_vram, gpu.busy), (81_559, Some(4), Some(3)));
    assert_eq!(survey.offered().count(), 2);
}

#[test]
fn what_is_broken_is_left_out_and_said() {
    let twice = h100(1);
    let nameless = Reading { uuid: "GPU-1; rm".to_owned(), ..h100(3) };
    let empty = Reading { memory: 0, ..h100(4) };
    let colours = Reading { name: format!("\u{1b}[31mH{}", "1".repeat(500)), ..h100(5) };
    let mut broken = fake(vec![
        Ok(h100(1)),
        Ok(twice),
        Ok(nameless),
        Ok(empty),
        Err("it fell off the bus".to_owned()),
        Ok(colours),
    ]);
    broken.version = Ok("unknown".to_owned());
    broken.cuda = Ok(-3);
    let survey = survey_of(&broken);
    assert_eq!(survey.gpus.len(), 2);
    assert_eq!((survey.driver, survey.cuda), (None, None));
    let name = &survey.gpus[1].spec.name;
    assert!(name.starts_with("[31mH1") && name.chars().count() == 120, "{name}");
    let said = survey.warnings.join("\n");
    for word in ["no version", "-3", "twice", "id is none", "no memory", "fell off the bus"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert_eq!(survey.warnings.len(), 6);
}

#[test]
fn a_driver_that_says_nothing_is_no_error_and_one_that_counts_wildly_is_bounded() {
    let no = || "no".to_owned();
    let silent = Fake { version: Err(no()), cuda: Err(no()), count: Err(no()), readings: Vec::new() };
    assert_eq!(survey_of(&silent).gpus, []);
    let wild = Fake { count: Ok(u32::MAX), ..fake((0..400).map(|number| Ok(h100(number))).collect()) };
    let survey = survey_of(&wild);
    assert_eq!(survey.gpus.len(), 256);
    assert!(survey.warnings.iter().any(|warning| warning.contains("4294967295")));
}

#[test]
fn what_is_cut_or_damaged_is_not_offered() {
    let cut = Reading { is_cut: true, ..h100(1) };
    let damaged = Reading { memory_errors: Some(2), ..h100(2) };
    let old = Reading { memory_errors: None, ..h100(3) };
    let survey = survey_of(&fake(vec![Ok(cut), Ok(damaged), Ok(old)]));
    let troubles: Vec<_> = survey.gpus.iter().map(super::Gpu::trouble).collect();
    assert!(
        troubles[0].as_ref().unwrap().contains("MIG") && troubles[1].as_ref().unwrap().contains("2 errors")
    );
    assert_eq!(troubles[2], None);
}

#[test]
fn amds_are_read_from_sysfs() {
    let root = tempfile::tempdir().unwrap();
    let card = |name: &str, files: &[(&str, &str)]| {
        let device = root.path().join(name).join("device");
        fs::create_dir_all(&device).unwrap();
        for (file, text) in files {
            fs::write(device.join(file), text).unwrap();
        }
    };
    // As kernel 6.1 shows them, by the documentation of its driver amdgpu.
    card(
        "card1",
        &[
            ("vendor", "0x1002\n"),
            ("device", "0x744c\n"),
            ("mem_info_vram_total", "25753026560\n"),
            ("mem_info_vram_used", "27000832\n"),
            ("gpu_busy_percent", "7\n"),
            ("unique_id", "9f5e1ed50f4a1c2b\n"),
        ],
    );
    card("card0", &[("vendor", "0x8086\n"), ("mem_info_vram_total", "1\n")]);
    card("card2", &[("vendor", "0x1002\n"), ("mem_info_vram_total", "lots\n")]);
    card("card1-DP-1", &[("vendor", "0x1002\n")]);
    card("renderD128", &[("vendor", "0x1002\n")]);
    let mut survey = Survey::default();
    amd::look(root.path(), &mut survey);
    assert_eq!(survey.warnings.len(), 1, "{:?}", survey.warnings);
    let [gpu] = survey.gpus.as_slice() else { panic!("{:?}", survey.gpus) };
    assert_eq!((gpu.id.as_str(), gpu.spec.vram), ("9f5e1ed50f4a1c2b", 24_560));
    assert_eq!((gpu.spec.name.as_str(), gpu.spec.vendor.as_str()), ("AMD GPU 0x744c", "AMD/ATI"));
    assert_eq!((gpu.used_vram, gpu.busy), (Some(25), Some(7)));
    assert!(gpu.trouble().is_some_and(|why| why.contains("AMD")));
    amd::look(&root.path().join("not there"), &mut survey);
    assert_eq!(survey.gpus.len(), 1);
}

#[test]
fn cards_without_a_driver_are_seen_on_the_bus() {
    let root = tempfile::tempdir().unwrap();
    let cards = [
        ("0000:01:00.0", "0x10de\n", "0x030200\n"),
        // Its sound, another maker's card, and NVIDIA's network.
        ("0000:01:00.1", "0x10de\n", "0x040300\n"),
        ("0000:02:00.0", "0x8086\n", "0x030000\n"),
        ("0000:03:00.0", "0x10de\n", "0x020000\n"),
        ("0000:04:00.0", "0x10de\n", "0x030000\n"),
    ];
    for (name, vendor, class) in cards {
        let device = root.path().join(name);
        fs::create_dir(&device).unwrap();
        fs::write(device.join("vendor"), vendor).unwrap();
        fs::write(device.join("class"), class).unwrap();
    }
    assert_eq!(bus::nvidia(root.path()), 2);
    assert_eq!(bus::nvidia(&root.path().join("none")), 0);
}
