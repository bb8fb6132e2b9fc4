// Package signature signs documents and validates signed ones, to the European standards: PAdES (EN 319 142-1) for PDF, CAdES
// (EN 319 122-1) for anything, validation after EN 319 102-1.
//
// Sign with a key of your own:
//
//	credentials, err := signature.LoadPKCS12(file, password)
//	signer, err := credentials.Signer()
//	document, err := ades.OpenDocument("deliberation.pdf")
//	err = signature.Sign(ctx, out, document, signer, signature.Options{Level: ades.BaselineT, Time: time.Now(), Authority: authority})
//
// Validate:
//
//	validator, err := signature.NewValidator(signature.ValidatorOptions{Anchors: anchors})
//	result, err := validator.Validate(ctx, document, signature.ValidateOptions{Time: time.Now()})
//	for _, s := range result.Signatures {
//		fmt.Println(s.Signer.Subject, s.Level, s.Indication, s.Findings())
//	}
//
// A verdict is data, never an error: an error says that the work could not be done. Nothing here reads a clock, trusts an anchor or
// reaches a network that was not given to it. Documents of any size flow through in pieces of 64 KiB.
//
// When the key is elsewhere (a card in another machine, a remote service), [Prepare] decides everything that will be signed,
// and [Complete] puts the value in place. Packages cades, pades, timestamp, validation and the others below do the work, and can be
// used by themselves.
package signature
