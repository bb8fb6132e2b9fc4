package facts

// Designate fills, in every signature and token, what depends on the certificates at hand: see [Finder.Designate]. Call it
// when the certificates are there, and again when more were added.
func (d *Document) Designate() {
	finder := NewFinder(d)
	for i := range d.Signatures {
		finder.Designate(&d.Signatures[i].Signed)
	}
	for i := range d.Timestamps {
		finder.Designate(&d.Timestamps[i].Signed)
	}
}
