// Package identity validates identifiers of persons and organisations, and carries them sealed: an [ID] does not print, does not encode,
// does not compare, wherever it ends up.
//
//	id, err := fr.SIRET.Parse("73282932000074") // an ID, or an error that does not repeat its input
//	fmt.Println(id)                             // fr.siret:••••
//	value, err := identity.Public(id)           // a SIRET names an organisation: it may be disclosed
//	value, err = gate.Reveal(ctx, id, purpose)  // anything personal: decided by a policy, recorded before it is disclosed
//
// A [Scheme] is a value that validates ([Scheme.Validate], without an allocation), seals ([Scheme.Parse]) and writes for people
// ([Scheme.Format]). Packages below list theirs: identity/fr. A [Registry] finds schemes by name, when the name comes with the
// data. Anyone defines another scheme with [NewScheme].
//
// Reading is strict: ASCII characters of the canonical form only, no white space at either end, no separator unless [Lenient]
// is given.
package identity
