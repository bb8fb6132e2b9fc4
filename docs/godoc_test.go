package docs_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documented parses a package with its comments.
func documented(t *testing.T, p listed) *doc.Package {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, file)
	}
	parsed, err := doc.NewFromFiles(fset, files, p.ImportPath)
	require.NoError(t, err)
	return parsed
}

// Every exported item of a public package says what it is.
func TestExportedItemsAreDocumented(t *testing.T) {
	_, public := importing(t, token.NewFileSet())
	for _, p := range public {
		parsed := documented(t, p)
		missing := func(text, name string) {
			if strings.TrimSpace(text) == "" && !slices.Contains([]string{"Error", "String"}, name[strings.LastIndex(name, ".")+1:]) {
				t.Errorf("%s.%s has no comment", p.ImportPath, name)
			}
		}
		values := func(list []*doc.Value) {
			for _, v := range list {
				missing(v.Doc, v.Names[0])
			}
		}
		functions := func(receiver string, list []*doc.Func) {
			for _, f := range list {
				missing(f.Doc, receiver+f.Name)
			}
		}
		missing(parsed.Doc, "package comment")
		values(parsed.Consts)
		values(parsed.Vars)
		functions("", parsed.Funcs)
		for _, typ := range parsed.Types {
			missing(typ.Doc, typ.Name)
			values(typ.Consts)
			values(typ.Vars)
			functions("", typ.Funcs)
			functions(typ.Name+".", typ.Methods)
		}
	}
}

// surroundings declare, for the examples of package comments, what a reader has at hand: parameters of the function they are in.
var surroundings = map[string]string{
	"exchange": "ctx context.Context, out io.Writer, file *os.File, size int64, seal ades.Signer, prefecture exchange.SIRET, " +
		"certificates []*x509.Certificate, certificate *x509.Certificate, key crypto.PrivateKey, anchors *trust.Set",
	"identity":             "ctx context.Context, gate identity.Gate, purpose identity.Purpose",
	"identity/fr":          "v string",
	"rgs":                  "der []byte",
	"signature":            "ctx context.Context, file io.Reader, password string, out io.Writer, authority timestamp.Authority, anchors *trust.Set",
	"signature/ades":       "key crypto.Signer, chain []*x509.Certificate",
	"signature/cades":      "ctx context.Context, out io.Writer, document, signed *ades.Document, signer ades.Signer, now time.Time, authority timestamp.Authority",
	"signature/collect":    "ctx context.Context, doc *facts.Document, anchors *trust.Set, now time.Time",
	"signature/facts":      "doc *facts.Document",
	"signature/pades":      "ctx context.Context, out io.Writer, document, signed *ades.Document, signer ades.Signer, now time.Time, authority timestamp.Authority",
	"signature/pkitest":    "",
	"signature/report":     "v *signature.Validation, page, out, evidence io.Writer",
	"signature/revocation": "ctx context.Context, doc *facts.Document, given revocation.Source, certificate, issuer []byte, notBefore time.Time",
	"signature/timestamp":  "ctx context.Context, root, digest []byte, options timestamp.Options, ours tls.Certificate",
	"signature/trust":      "der []byte",
	"signature/validation": "doc *facts.Document, anchors *trust.Set",
}

// The examples of package comments are typed as they stand: what go doc shows is what the package is.
func TestPackageCommentsCompile(t *testing.T) {
	fset := token.NewFileSet()
	imports, public := importing(t, fset)
	available := map[string]string{} // by name, what an example may mean
	for _, path := range []string{"bytes", "context", "crypto", "crypto/tls", "crypto/x509", "encoding/json", "fmt", "io", "net/http", "os", "time"} {
		available[path[strings.LastIndex(path, "/")+1:]] = path
	}
	for _, p := range public {
		available[p.Name] = p.ImportPath
	}
	for _, p := range public {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		parameters, known := surroundings[name]
		if !known {
			t.Errorf("%s: say in surroundings what the example of its comment has at hand", name)
			continue
		}
		// One function has all the examples of a comment, for the later ones go on from the first. Declaring again is no fault there,
		// nor is not using; both are errors that go/types calls soft.
		var code strings.Builder
		for _, block := range new(comment.Parser).Parse(documented(t, p).Doc).Content {
			if block, ok := block.(*comment.Code); ok && !strings.HasPrefix(block.Text, "{") {
				code.WriteString(block.Text)
			}
		}
		if code.Len() == 0 {
			t.Errorf("%s: its comment has no example", name)
			continue
		}
		source := "package p\n"
		for word, path := range available {
			if strings.Contains(code.String()+parameters, word+".") {
				source += fmt.Sprintf("import %q\n", path)
			}
		}
		source += "func _(" + parameters + ") {\n" + code.String() + "}\n"
		file, err := parser.ParseFile(fset, name, source, 0)
		require.NoError(t, err, source)
		config := types.Config{Importer: imports, Error: func(err error) {
			var fault types.Error
			if errors.As(err, &fault) && !fault.Soft {
				t.Errorf("%s: the example of its comment: %v\n%s", name, err, source)
			}
		}}
		config.Check("p", fset, []*ast.File{file}, nil)
	}
}
