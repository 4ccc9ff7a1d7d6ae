package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	repository       = "../../../.."
	architecturePage = "docs/contributing/architecture.md"
)

// repositoryPath matches a path in the page's text: it starts with a top-level folder.
var repositoryPath = regexp.MustCompile("`((?:services|internal|e2e|compose|docker|litefs|docs|tools|\\.github)(?:/[^` ]*)?)`")

// TestEveryPathInTheArchitecturePageExists keeps the page from sending a contributor to a file that
// has moved.
func TestEveryPathInTheArchitecturePageExists(t *testing.T) {
	paths := pathsInArchitecturePage(t)
	if len(paths) < 50 {
		t.Errorf("only %d paths were found", len(paths))
	}
	for path := range paths {
		if _, err := os.Stat(filepath.Join(repository, path)); err != nil {
			t.Errorf("%s names %s: %v", architecturePage, path, err)
		}
	}
}

// TestTheArchitecturePageDescribesEveryFolder fails when a package is added that a contributor would
// not find in the page.
func TestTheArchitecturePageDescribesEveryFolder(t *testing.T) {
	described := pathsInArchitecturePage(t)
	for _, parent := range []string{"services/trip2g", "internal"} {
		entries, err := os.ReadDir(filepath.Join(repository, parent))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			folder := parent + "/" + entry.Name()
			if folder == "services/trip2g/cmd" { // contains only the program
				folder += "/trip2g"
			}
			if entry.IsDir() && !described[folder] {
				t.Errorf("%s does not describe %s", architecturePage, folder)
			}
		}
	}
}

func pathsInArchitecturePage(t *testing.T) map[string]bool {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(repository, architecturePage))
	if err != nil {
		t.Fatal(err)
	}
	paths := make(map[string]bool)
	for _, found := range repositoryPath.FindAllStringSubmatch(string(page), -1) {
		paths[strings.TrimSuffix(found[1], "/")] = true
	}
	return paths
}
