package docs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A listed is a package as go list sees it, with its compiled API.
type listed struct {
	ImportPath, Dir, Name, Export string
	GoFiles                       []string
}

func (p listed) public() bool {
	name, ours := strings.CutPrefix(p.ImportPath, module+"/")
	return ours && p.Name != "main" && !strings.HasPrefix(name, "internal/")
}

// packages returns our packages and all that they import, compiled.
var packages = sync.OnceValues(func() (map[string]listed, error) {
	command := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Name,Export,GoFiles", "./...")
	command.Dir = ".."
	listing, err := command.Output()
	if err != nil {
		return nil, err
	}
	all := map[string]listed{}
	for decoder := json.NewDecoder(bytes.NewReader(listing)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all[p.ImportPath] = p
	}
})

// importing returns an importer of compiled packages, and the public packages in order.
func importing(t *testing.T, fset *token.FileSet) (types.Importer, []listed) {
	all, err := packages()
	require.NoError(t, err)
	var public []listed
	for _, p := range all {
		if p.public() && len(p.GoFiles) > 0 {
			public = append(public, p)
		}
	}
	slices.SortFunc(public, func(a, b listed) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	require.NotEmpty(t, public)
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if all[path].Export == "" {
			return nil, fmt.Errorf("%s is not compiled", path)
		}
		return os.Open(all[path].Export)
	}), public
}

// No type of an internal package is in a public signature: nobody else could write its name.
func TestNoInternalTypeInPublicAPI(t *testing.T) {
	imports, public := importing(t, token.NewFileSet())
	for _, p := range public {
		compiled, err := imports.Import(p.ImportPath)
		require.NoError(t, err)
		for _, where := range internalTypes(compiled) {
			t.Errorf("%s: %s", p.ImportPath, where)
		}
	}
}

// The test above would pass for want of looking: here is what it must find.
func TestInternalTypesAreFound(t *testing.T) {
	fset := token.NewFileSet()
	imports, _ := importing(t, fset)
	for _, declaration := range []string{
		"type T = pkix.Certificate",
		"type t = pkix.Certificate; func F() t { panic(0) }",
		"type T struct{ F *pkix.Certificate }",
		"type T struct{ pkix.Certificate }",
		"type T struct{ inner }; type inner struct{ pkix.Certificate }",
		"type T []map[string]func(...pkix.Certificate)",
		"type T interface{ M() chan pkix.Certificate }",
		"type T int; func (*T) M(pkix.Certificate) {}",
		"type T struct{ inner }; type inner int; func (inner) M(pkix.Certificate) {}",
		"type T[P interface{ *pkix.Certificate }] int",
		"type g[P any] int; func F(g[pkix.Certificate]) {}",
		"type u struct{ F pkix.Certificate }; func F() (x u) { return }",
		"func F(struct{ F [2]pkix.Certificate }) {}",
		"var V pkix.Certificate",
		"var V = pkix.ParseCertificate",
		"const C pkix.KeyKind = \"RSA\"",
	} {
		file, err := parser.ParseFile(fset, "p.go", "package p; import \""+module+"/internal/pkix\"; "+declaration, 0)
		require.NoError(t, err)
		checked, err := (&types.Config{Importer: imports}).Check("p", fset, []*ast.File{file}, nil)
		require.NoError(t, err, declaration)
		require.NotEmpty(t, internalTypes(checked), declaration)
	}
	file, err := parser.ParseFile(fset, "p.go", "package p; import \""+module+"/internal/pkix\"; var V error = pkix.ErrSignature; "+
		"type T struct{ f pkix.Certificate }; func (T) m(pkix.Certificate) {}; func F(T) {}; type i = pkix.Certificate; type I interface{ m(i) }", 0)
	require.NoError(t, err)
	checked, err := (&types.Config{Importer: imports}).Check("p", fset, []*ast.File{file}, nil)
	require.NoError(t, err)
	require.Empty(t, internalTypes(checked), "what users cannot name is not in the API")
}

// internalTypes says where the exported declarations of a package show a type of an internal package.
func internalTypes(p *types.Package) []string {
	w := &walker{home: p, seen: map[types.Type]bool{}}
	for _, name := range p.Scope().Names() {
		if o := p.Scope().Lookup(name); o.Exported() {
			w.at = name
			w.declared(o)
		}
	}
	return w.found
}

type walker struct {
	home  *types.Package
	seen  map[types.Type]bool
	at    string
	found []string
}

func (w *walker) declared(o types.Object) {
	if alias, ok := o.Type().(*types.Alias); ok && alias.Obj() == o {
		w.typ(alias.Rhs())
		return
	}
	w.typ(o.Type())
}

// typ walks what a user of the type can reach: exported fields and methods, parameters and results.
func (w *walker) typ(t types.Type) {
	if w.seen[t] {
		return
	}
	w.seen[t] = true
	switch t := t.(type) {
	case *types.Alias:
		w.named(t.Obj(), t.TypeArgs())
		w.typ(t.Rhs())
	case *types.Named:
		w.named(t.Obj(), t.TypeArgs())
		if t.Obj().Pkg() != w.home {
			return // of the standard library, of a module, or of another public package, which has its own turn
		}
		for i := range t.TypeParams().Len() {
			w.typ(t.TypeParams().At(i).Constraint())
		}
		w.typ(t.Underlying())
		for _, receiver := range []types.Type{t, types.NewPointer(t)} {
			if methods := types.NewMethodSet(receiver); !types.IsInterface(t) {
				for i := range methods.Len() {
					if m := methods.At(i).Obj(); m.Exported() {
						w.typ(m.Type())
					}
				}
			}
		}
	case *types.Struct:
		for i := range t.NumFields() {
			if f := t.Field(i); f.Exported() || f.Embedded() {
				w.typ(f.Type())
			}
		}
	case *types.Interface:
		for i := range t.NumExplicitMethods() {
			if m := t.ExplicitMethod(i); m.Exported() {
				w.typ(m.Type())
			}
		}
		for i := range t.NumEmbeddeds() {
			w.typ(t.EmbeddedType(i))
		}
	case *types.Union:
		for i := range t.Len() {
			w.typ(t.Term(i).Type())
		}
	case *types.Signature:
		for i := range t.TypeParams().Len() {
			w.typ(t.TypeParams().At(i).Constraint())
		}
		w.typ(t.Params())
		w.typ(t.Results())
	case *types.Tuple:
		for i := range t.Len() {
			w.typ(t.At(i).Type())
		}
	case *types.Map:
		w.typ(t.Key())
		w.typ(t.Elem())
	case interface{ Elem() types.Type }: // pointer, slice, array, channel
		w.typ(t.Elem())
	}
}

func (w *walker) named(o *types.TypeName, arguments *types.TypeList) {
	if o.Pkg() != nil && strings.HasPrefix(o.Pkg().Path(), module+"/internal/") {
		w.found = append(w.found, fmt.Sprintf("%s shows %s.%s", w.at, o.Pkg().Path(), o.Name()))
	}
	for i := range arguments.Len() {
		w.typ(arguments.At(i))
	}
}
