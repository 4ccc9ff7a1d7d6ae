package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const commandPage = "../../../docs/reference/command.md"

// TestTheDocumentationListsEveryCommandAndFlag compares the page with the output of --help.
// UPDATE_DOCS=1 updates the page.
func TestTheDocumentationListsEveryCommandAndFlag(t *testing.T) {
	page, err := os.ReadFile(commandPage)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(page), "## trip2g ")
	if !found {
		t.Fatalf("%s has no section of a command", commandPage)
	}
	var b strings.Builder
	b.WriteString(head)
	for _, cmd := range newRootCommand().Commands() {
		documentCommand(t, &b, cmd)
	}
	want := strings.TrimRight(b.String(), "\n") + "\n"
	if string(page) == want {
		return
	}
	if os.Getenv("UPDATE_DOCS") == "" {
		t.Fatalf("%s differs from the commands' help: run UPDATE_DOCS=1 go test -run Documentation ./cli and look at the change", commandPage)
	}
	if err := os.WriteFile(commandPage, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// documentCommand writes the sections of a command and those below it.
func documentCommand(t *testing.T, b *strings.Builder, cmd *cobra.Command) {
	t.Helper()
	if cmd.Name() == "help" {
		return
	}
	if cmd.Short == "" || cmd.Example == "" {
		t.Errorf("the help of %q lacks a sentence or an example", cmd.CommandPath())
	}
	fmt.Fprintf(b, "## %s\n\n%s.\n\n```text\n%s\n```\n\n", cmd.CommandPath(), cmd.Short, cmd.UseLine())
	if cmd.Long != "" {
		b.WriteString(markdownOf(cmd.Long) + "\n\n")
	}
	documentFlags(b, cmd)
	fmt.Fprintf(b, "```sh\n%s\n```\n\n", unindented(cmd.Example))
	for _, sub := range cmd.Commands() {
		documentCommand(t, b, sub)
	}
}

func documentFlags(b *strings.Builder, cmd *cobra.Command) {
	if cmd.Name() == "serve" {
		b.WriteString("Its flags are the [[settings]].\n\n")
		return
	}
	rows := ""
	cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) { rows += flagRow(flag) })
	cmd.InheritedFlags().VisitAll(func(flag *pflag.Flag) { rows += flagRow(flag) })
	if rows != "" {
		b.WriteString("| flag | default | meaning |\n|---|---|---|\n" + rows + "\n")
	}
}

func flagRow(flag *pflag.Flag) string {
	if flag.Hidden || flag.Name == "help" {
		return ""
	}
	name, def := "`--"+flag.Name+"`", flag.DefValue
	if flag.Shorthand != "" {
		name += ", `-" + flag.Shorthand + "`"
	}
	if def == "false" || def == "[]" {
		def = ""
	}
	if def != "" {
		def = "`" + def + "`"
	}
	return fmt.Sprintf("| %s | %s | %s |\n", name, def, flag.Usage)
}

// markdownOf converts the indented lines of a help text to a block of code.
func markdownOf(help string) string {
	var b strings.Builder
	code := false
	lines := strings.Split(help, "\n")
	for i, line := range lines {
		indented := strings.HasPrefix(line, "  ")
		if indented && !code {
			if i > 0 && lines[i-1] != "" {
				b.WriteString("\n")
			}
			b.WriteString("```text\n")
		}
		if code && !indented {
			b.WriteString("```\n")
		}
		code = indented
		b.WriteString(strings.TrimPrefix(line, "  ") + "\n")
	}
	if code {
		b.WriteString("```\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

func unindented(example string) string {
	return strings.ReplaceAll(strings.TrimPrefix(example, "  "), "\n  ", "\n")
}
