//! Words of files, options and messages for the values of a type: listed once, read and written by the same list.

/// Gives a type the functions `parse` and `name` by one list: `named!(Type { Value => "name", … })`. A value that
/// is not in it does not compile.
macro_rules! named {
    ($type:ident { $($value:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every value with its name.
            pub const NAMES: &'static [(&'static str, $type)] = &[$(($name, $type::$value)),+];

            /// Every value.
            pub const ALL: &'static [$type] = &[$($type::$value),+];

            /// The value of this name.
            pub fn parse(name: &str) -> Option<Self> {
                crate::named::find(Self::NAMES, name)
            }

            /// The name of the value.
            pub fn name(self) -> &'static str {
                match self {
                    $($type::$value => $name),+
                }
            }
        }
    };
}
pub(crate) use named;

/// The value of a name in a list, of which several may name the same.
pub(crate) fn find<T: Copy>(names: &[(&str, T)], name: &str) -> Option<T> {
    names.iter().find(|(known, _)| *known == name).map(|&(_, value)| value)
}

/// The names of a list, as messages show them.
pub(crate) fn all<T>(names: &[(&str, T)]) -> String {
    names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
