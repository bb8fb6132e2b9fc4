// Package fr holds the identifier schemes of France.
//
//	id, err := fr.SIRET.Parse(v)
//	registry, err := identity.NewRegistry(fr.Schemes()...)
package fr

import "github.com/cadre-confiance/confiance/identity"

// Schemes lists every scheme of this package.
func Schemes() []identity.Scheme { return []identity.Scheme{SIREN, SIRET} }
