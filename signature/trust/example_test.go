package trust_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// A folder of PEM files, and beside one of them until when and for what it is believed.
func ExampleLoad() {
	folder, err := os.MkdirTemp("", "racines-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	pki := pkitest.New()
	for name, content := range map[string][]byte{
		"racine.pem":      pki.Root("Racine d'essai").PEM(),
		"horodatage.pem":  pki.Root("Racine d'horodatage").PEM(),
		"horodatage.json": []byte(`{"schema":1,"anchors":[{"sunset":"2030-01-01T00:00:00Z","purposes":["timestamp"]}]}`),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			panic(err)
		}
	}
	anchors, err := trust.Load(folder)
	if err != nil {
		panic(err)
	}
	for _, a := range anchors.All() {
		fmt.Println(filepath.Base(a.Source), a.Serves(trust.Signature), a.Serves(trust.Timestamp))
	}
	// Unordered output:
	// horodatage.pem false true
	// racine.pem true true
}
