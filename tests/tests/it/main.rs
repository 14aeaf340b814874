//! The whole-system tests, as one program: each module is one subject.

#[cfg(test)]
mod archives;
#[cfg(test)]
mod example_modules;
#[cfg(test)]
mod git;
#[cfg(test)]
mod house;
#[cfg(test)]
mod json_against_go;
#[cfg(test)]
mod json_types_against_go;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod modules;
#[cfg(test)]
mod template_against_go;
#[cfg(test)]
mod template_goldens;
#[cfg(test)]
mod vectors;
