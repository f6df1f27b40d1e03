package arch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestPublicTypesArePublic: what a host sees is declared where a host can read it.
// No exported name of a public package is, or mentions, a type of an internal one.
func TestPublicTypesArePublic(t *testing.T) {
	t.Parallel()
	public, imp := exported(t)
	for _, path := range public {
		pkg, err := imp.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		w := &walker{own: path, seen: map[types.Type]bool{}}
		for _, name := range pkg.Scope().Names() {
			if obj := pkg.Scope().Lookup(name); obj.Exported() {
				w.object(obj)
			}
		}
		for _, found := range w.found {
			t.Errorf("%s: %s", strings.TrimPrefix(path, module), found)
		}
	}
	if len(public) < 20 {
		t.Errorf("%d public packages found, want 20 or more", len(public))
	}
}

// exported lists the public packages of the module, and reads packages as the
// compiler wrote them.
func exported(t *testing.T) (public []string, imp types.Importer) {
	t.Helper()
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export,Name", "./...")
	cmd.Dir = "../.."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	files := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export, Name string }
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		files[p.ImportPath] = p.Export
		if strings.HasPrefix(p.ImportPath, module) && p.Name != "main" && !internal(p.ImportPath) {
			public = append(public, p.ImportPath)
		}
	}
	return public, importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(files[path])
	})
}

func internal(path string) bool { return strings.Contains(path+"/", "/internal/") }

// walker looks for types of internal packages in what a package exports.
type walker struct {
	own   string // the package
	seen  map[types.Type]bool
	where []string
	found []string
}

func (w *walker) object(obj types.Object) {
	w.at(obj.Name(), func() {
		name, ok := obj.(*types.TypeName)
		if !ok {
			w.visit(obj.Type())
			return
		}
		if name.IsAlias() {
			w.visit(types.Unalias(obj.Type()))
			return
		}
		named := obj.Type().(*types.Named)
		w.visit(named.Underlying())
		for m := range named.Methods() {
			if m.Exported() {
				w.at(m.Name(), func() { w.visit(m.Type()) })
			}
		}
	})
}

func (w *walker) at(name string, fn func()) {
	w.where = append(w.where, name)
	fn()
	w.where = w.where[:len(w.where)-1]
}

func (w *walker) visit(t types.Type) {
	switch t := t.(type) {
	case *types.Alias:
		w.named(t.Obj())
		w.visit(types.Unalias(t))
	case *types.Named:
		w.named(t.Obj())
		for arg := range t.TypeArgs().Types() {
			w.visit(arg)
		}
	case *types.Pointer:
		w.visit(t.Elem())
	case *types.Slice:
		w.visit(t.Elem())
	case *types.Array:
		w.visit(t.Elem())
	case *types.Chan:
		w.visit(t.Elem())
	case *types.Map:
		w.visit(t.Key())
		w.visit(t.Elem())
	case *types.Signature:
		for _, list := range []*types.Tuple{t.Params(), t.Results()} {
			for v := range list.Variables() {
				w.visit(v.Type())
			}
		}
	case *types.Struct:
		for f := range t.Fields() {
			if f.Exported() {
				w.at(f.Name(), func() { w.visit(f.Type()) })
			}
		}
	case *types.Interface:
		for m := range t.Methods() {
			if m.Exported() {
				w.at(m.Name(), func() { w.visit(m.Type()) })
			}
		}
	}
}

// named notes a type that a host cannot look up.
func (w *walker) named(obj *types.TypeName) {
	if pkg := obj.Pkg(); pkg != nil && internal(pkg.Path()) {
		w.found = append(w.found, fmt.Sprintf("%s is of the internal type %s.%s", strings.Join(w.where, "."), strings.TrimPrefix(pkg.Path(), module), obj.Name()))
	}
}
