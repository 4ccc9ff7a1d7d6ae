package vault_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/vault"
)

// excludedInBrowser applies the rules of a folder with the publish page's own script, whose results
// must equal those of this package. It returns the excluded notes with their rules, and the places
// of faults.
func excludedInBrowser(t *testing.T, files map[string]string) (excluded map[string]string, faults []string) {
	t.Helper()
	found := rulesInBrowser(t, files)
	return found.Excluded, found.Faults
}

// browserRules is the result of the publish page's script for the rules of a folder.
type browserRules struct {
	Excluded map[string]string
	Faults   []string // places
	Warnings []string // places
	Failure  string
}

func rulesInBrowser(t *testing.T, files map[string]string) (found browserRules) {
	t.Helper()
	script, err := os.ReadFile("../../web/admin/files/rules.js")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for name, content := range files {
		texts[trip2g.NormalizePath(name)] = vault.Text([]byte(content)) // as Vault.open does
	}
	vm := goja.New()
	vm.SetFieldNameMapper(goja.UncapFieldNameMapper())
	vm.Set("contents", texts)
	vm.Set("paths", slices.Sorted(maps.Keys(texts)))
	answer, err := vm.RunString(regexp.MustCompile(`(?m)^export `).ReplaceAllString(string(script), "") + `
		const answer = { excluded: {}, faults: [], warnings: [], failure: "" };
		const shown = paths.filter((path) => !path.split("/").some(isHidden));
		const rules = new Map(paths.filter(hasRules).map((path) => [path, contents[path]]));
		exclusions(shown, rules, (path) => isDrawingText(contents[path])).then(
			(found) => {
				for (const [path, rule] of found.excluded) if (isNote(path)) answer.excluded[path] = rule;
				answer.faults = found.faults.map(([place]) => place);
				answer.warnings = found.warnings.map(([place]) => place);
			},
			(failure) => { answer.failure = String(failure.stack); });
		answer`)
	if err != nil {
		t.Fatal(err)
	}
	if err := vm.ExportTo(answer, &found); err != nil || found.Failure != "" {
		t.Fatalf("the browser's script fails: %v %s", err, strings.TrimSpace(found.Failure))
	}
	return found
}
