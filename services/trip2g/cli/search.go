package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"trip2g/services/trip2g/sync/client"
)

// maxFound bounds what one search can ask for.
const maxFound = 100

func newSearchCommand() *cobra.Command {
	f := connectionFlags{anonymous: true}
	var first int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "search WORDS...",
		Short: "Find notes by their words",
		Long: "Asks the server and prints what it found, the best first: the title, the address, and the text around it. Without\n" +
			"a key it finds what anyone may read, with one also what is for members.\n\n" +
			"A note must have every word, in any form. In quotes, words have to be in a row; \"-\" before a word leaves notes\n" +
			"with it out; tag:a/b, path:a and title:a look there alone.\n\n" +
			exitCodes("the server has answered, also if it found nothing"),
		Example: "  export TRIP2G_URL=https://notes.example.com\n" +
			"  trip2g search garden plan\n" +
			"  trip2g search '\"raised beds\"' tag:garden\n" +
			"  trip2g search -- garden -winter            what starts with \"-\" comes after \"--\"\n" +
			"  trip2g search garden --json | jq -r '.results[].url'",
		Args:              usage(cobra.MinimumNArgs(1)),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f.add(cmd)
	cmd.Flags().IntVarP(&first, "first", "n", 10, "how many results, at most 100")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if first < 1 || first > maxFound {
			return &codedError{exitUsage, errors.New("--first is from 1 to 100")}
		}
		term := newTerminal(cmd.OutOrStdout(), cmd.ErrOrStderr(), false)
		return printFound(cmd.Context(), f, term, strings.Join(args, " "), first, asJSON)
	}
	return cmd
}

// printFound asks and prints. Its errors have exit codes and are fit for a terminal.
func printFound(ctx context.Context, f connectionFlags, term *terminal, query string, first int, asJSON bool) error {
	server, err := f.connect(term.Retry, term.Print)
	if err != nil {
		return err
	}
	answer, err := server.Search(ctx, query, first)
	if err != nil {
		return terminalError(err, serverExitCode(err), "stopped")
	}
	if asJSON {
		printJSON(term.out, answer)
		return nil
	}
	term.found(answer)
	return nil
}

// found prints what a search found.
func (t *terminal) found(answer client.SearchAnswer) {
	begin, end := "", ""
	if isTerminal(t.out) && os.Getenv("NO_COLOR") == "" {
		begin, end = "\x1b[1m", "\x1b[0m"
	}
	for _, r := range answer.Results {
		// What the server says is made harmless before the marks, which steer the terminal, come in.
		r.Snippet = printable(strings.ReplaceAll(r.Snippet, "\n", " "))
		fmt.Fprintf(t.out, "%s\n  %s\n", printable(r.Title), printable(r.URL))
		if strings.TrimSpace(r.Snippet) != "" {
			fmt.Fprintf(t.out, "  %s\n", r.Marked(begin, end))
		}
		fmt.Fprintln(t.out)
	}
	switch {
	case answer.Total == 0:
		fmt.Fprintln(t.out, "Nothing found.")
	case answer.Total > len(answer.Results):
		fmt.Fprintf(t.out, "%d of %s. --first shows more.\n", len(answer.Results), count(answer.Total, "note"))
	default:
		fmt.Fprintf(t.out, "%s.\n", count(answer.Total, "note"))
	}
	if answer.Indexing {
		t.Print("warning: the server is still reading its notes: there may be more")
	}
}
