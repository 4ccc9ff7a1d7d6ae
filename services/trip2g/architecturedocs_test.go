package trip2g_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const architecturePage = "docs/contributing/architecture.md"

var (
	// repositoryPath matches a path from the root of the repository in the page's text.
	repositoryPath = regexp.MustCompile("`((?:services|internal|bench|e2e|compose|docker|litefs|docs|tools|\\.github)(?:/[^` ]*)?)`")

	// folderTable matches a heading that names a folder, and folderRow a row of the table below it.
	folderTable = regexp.MustCompile(`(?m)^### ((?:services|internal)\S*)\n`)
	folderRow   = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")
)

// A path that has moved would send a contributor to a file that does not exist.
func TestEveryPathInTheArchitecturePageExists(t *testing.T) {
	page := readArchitecturePage(t)
	paths := foldersInTables(page)
	for _, found := range repositoryPath.FindAllStringSubmatch(page, -1) {
		paths[found[1]] = true
	}
	if len(paths) < 50 {
		t.Errorf("only %d paths were found", len(paths))
	}
	for path := range paths {
		if _, err := os.Stat(filepath.Join(workspace, path)); err != nil {
			t.Errorf("%s names %s: %v", architecturePage, path, err)
		}
	}
}

// A contributor could not find a package that the page does not mention.
func TestTheArchitecturePageDescribesEveryFolder(t *testing.T) {
	described := foldersInTables(readArchitecturePage(t))
	parents := []string{"internal", "services/trip2g"}
	for _, group := range []string{"content", "ops", "replication", "store", "sync", "web"} {
		parents = append(parents, "services/trip2g/"+group)
	}
	for _, parent := range parents {
		entries, err := os.ReadDir(filepath.Join(workspace, parent))
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

func readArchitecturePage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(workspace, architecturePage))
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// foldersInTables returns the folders that the page describes, as paths from the root of the
// repository: a table below the heading of a folder lists those in it.
func foldersInTables(page string) map[string]bool {
	folders := make(map[string]bool)
	for _, heading := range folderTable.FindAllStringSubmatchIndex(page, -1) {
		parent, section := page[heading[2]:heading[3]], page[heading[1]:]
		section, _, _ = strings.Cut(section, "\n#")
		for _, row := range folderRow.FindAllStringSubmatch(section, -1) {
			folders[parent+"/"+row[1]] = true
		}
	}
	return folders
}
