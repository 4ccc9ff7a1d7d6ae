package trip2g_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The import rule: the server and the commands wire adapters together. Adapters import the domain
// and shared packages but not each other. The domain imports no transport. The rule applies to
// every non-test file, whatever its build constraints.
var (
	// wiring are the folders of services/trip2g that can import any adapter. No package imports
	// them.
	wiring = []string{"cmd", "cli", "server"}
	// groups are the folders that contain adapters and no Go file of their own.
	groups = []string{"content", "ops", "replication", "store", "sync", "web"}
	// shared are the folders that every adapter can import. They import only the domain.
	shared = []string{"i18n", "web/httpx"}
	// testHelpers are packages for tests, the only ones that can import "testing".
	testHelpers = []string{"trip2g/internal/testwait", "trip2g/internal/litefs/litefstest", "trip2g/services/trip2g/server/servertest"}
)

const (
	domain    = "trip2g/services/trip2g"
	workspace = "../.."
)

// sourceFile is a non-test Go file.
type sourceFile struct {
	name    string // path in the workspace
	pkg     string // import path
	imports []string
}

func TestAdaptersDoNotImportEachOther(t *testing.T) {
	for _, file := range sources(t, "services/trip2g") {
		folder := adapter(file.pkg)
		if folder == "" || slices.Contains(wiring, folder) {
			continue
		}
		for _, imported := range file.imports {
			other := adapter(imported)
			if other == "" || other == folder || slices.Contains(shared, other) && !slices.Contains(shared, folder) {
				continue
			}
			t.Errorf("%s imports %s: only %v may. Declare an interface where it is used and pass the part in from server.", file.name, imported, wiring)
		}
	}
}

func TestTheDomainImportsNoTransportAndNoPackageOfOurs(t *testing.T) {
	for _, file := range sources(t, "services/trip2g") {
		if file.pkg != domain {
			continue
		}
		for _, imported := range file.imports {
			if imported == "net/http" || imported == "database/sql" || strings.HasPrefix(imported, "trip2g/") {
				t.Errorf("%s imports %s: move the code to the adapter that needs it, or to web/httpx if several do", file.name, imported)
			}
		}
	}
}

func TestAGroupHoldsFoldersAlone(t *testing.T) {
	for _, file := range sources(t, "services/trip2g") {
		if slices.Contains(groups, adapter(file.pkg)) {
			t.Errorf("%s is in no adapter's folder: move it into one below %s", file.name, path.Dir(file.name))
		}
	}
}

func TestInternalImportsNoService(t *testing.T) {
	for _, file := range sources(t, "internal") {
		for _, imported := range file.imports {
			if strings.HasPrefix(imported, "trip2g/") && !strings.HasPrefix(imported, "trip2g/internal/") {
				t.Errorf("%s imports %s: internal is shared by all services and knows none", file.name, imported)
			}
		}
	}
}

func TestTheServerContainsNoTestHelper(t *testing.T) {
	for _, file := range slices.Concat(sources(t, "services/trip2g"), sources(t, "internal")) {
		for _, imported := range file.imports {
			if (imported == "testing" || slices.Contains(testHelpers, imported)) && !slices.Contains(testHelpers, file.pkg) {
				t.Errorf("%s imports %s, which is for tests", file.name, imported)
			}
		}
	}
}

// adapter returns the folder of services/trip2g that a package belongs to, including its group,
// such as "store/sqlite"; "" for the domain and for packages outside the service.
func adapter(pkg string) string {
	below, ok := strings.CutPrefix(pkg, domain+"/")
	if !ok {
		return ""
	}
	folder, rest, _ := strings.Cut(below, "/")
	if slices.Contains(groups, folder) {
		name, _, _ := strings.Cut(rest, "/")
		return path.Join(folder, name)
	}
	return folder
}

// sources parses the files below a folder of the workspace.
func sources(t *testing.T, root string) (files []sourceFile) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(workspace, root), func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "testdata":
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(workspace, name)
		if err != nil {
			return err
		}
		file := sourceFile{name: filepath.ToSlash(relative)}
		file.pkg = path.Join("trip2g", path.Dir(file.name))
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			file.imports = append(file.imports, imported)
		}
		files = append(files, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("%s has no Go file", root)
	}
	return files
}
