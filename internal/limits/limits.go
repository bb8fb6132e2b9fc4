// Package limits holds the bounds of every parser of this module, one file per format. Nothing but constants lives here: a
// reader of a parser sees the bound by name, an auditor sees all bounds in one folder, and a test can sit just above and
// just below each.
//
// A bound is what a parser accepts by default, large enough for anything seen in production and small enough that meeting it
// costs a bounded and modest amount of memory and time. Sizes are in octets.
package limits
