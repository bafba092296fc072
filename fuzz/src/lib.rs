//! What the fuzz targets of Headwise share.

pub mod archive;
pub mod fixtures;
pub mod mutate;
