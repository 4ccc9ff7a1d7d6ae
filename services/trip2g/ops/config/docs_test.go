package config_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"trip2g/services/trip2g/ops/config"
)

const settingsPage = "../../../../docs/reference/settings.md"

// settingsTable returns the table that the documentation must contain. UPDATE_DOCS=1 updates it.
func settingsTable() string {
	var b strings.Builder
	b.WriteString("| variable | default | meaning |\n|---|---|---|\n")
	for _, s := range config.Settings() {
		def := ""
		if s.Default != "" {
			def = "`" + s.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.Variable, def, s.Help)
	}
	return b.String()
}

func TestTheDocumentationListsEverySetting(t *testing.T) {
	page, err := os.ReadFile(settingsPage)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(page), "| variable |")
	if !found {
		t.Fatalf("%s has no table", settingsPage)
	}
	want := head + settingsTable()
	if string(page) == want {
		return
	}
	if os.Getenv("UPDATE_DOCS") == "" {
		t.Fatalf("%s differs from the settings: run UPDATE_DOCS=1 go test ./config/ and look at the change", settingsPage)
	}
	if err := os.WriteFile(settingsPage, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
