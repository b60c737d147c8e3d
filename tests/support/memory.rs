//! The memory of another process, as its user or root can read it.

use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

/// So many bytes of a secret in a row are a leak.
const PART: usize = 16;

/// Secrets to look for, cut into parts; any 31 bytes in a row of one of them are found.
#[derive(Default)]
pub struct Secrets {
    parts: HashSet<[u8; PART]>,
    /// The two bytes that a part begins with, since most places are ruled out by these.
    beginnings: HashSet<[u8; 2]>,
}

impl Secrets {
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut all = Self::default();
        for secret in secrets {
            all.add(secret);
        }
        all
    }

    pub fn add(&mut self, secret: &[u8]) {
        for part in secret.as_chunks::<PART>().0 {
            self.parts.insert(*part);
            self.beginnings.insert([part[0], part[1]]);
        }
    }

    /// How many different parts are in the memory of a process that it could write to: heap, stacks, statics.
    pub fn count_in(&self, process: u32) -> usize {
        let mut beginnings = vec![false; 1 << 16];
        for &beginning in &self.beginnings {
            beginnings[usize::from(u16::from_le_bytes(beginning))] = true;
        }
        let mut found: HashSet<&[u8; PART]> = HashSet::new();
        for region in writable(process) {
            for (at, window) in region.windows(PART).enumerate() {
                if beginnings[usize::from(u16::from_le_bytes([region[at], region[at + 1]]))] {
                    found.extend(self.parts.get(window));
                }
            }
        }
        found.len()
    }
}

fn writable(process: u32) -> impl Iterator<Item = Vec<u8>> {
    let memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let regions: Vec<_> = maps
        .lines()
        .filter_map(|line| {
            let (range, rest) = line.split_once(' ')?;
            let (begin, end) = range.split_once('-')?;
            let address = |text| u64::from_str_radix(text, 16).unwrap();
            rest.starts_with("rw").then(|| (address(begin), address(end)))
        })
        .collect();
    regions.into_iter().filter_map(move |(begin, end)| {
        let mut bytes = vec![0; usize::try_from(end - begin).unwrap()];
        // A region may be gone by now.
        memory.read_exact_at(&mut bytes, begin).is_ok().then_some(bytes)
    })
}
