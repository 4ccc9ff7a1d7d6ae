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

// maxFound is the maximum of --first.
const maxFound = 100

func newSearchCommand() *cobra.Command {
	f := connectionFlags{anonymous: true}
	var first int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "search WORDS...",
		Short: "Search the notes",
		Long: "Prints the notes found, best match first: title, URL, and the text around the match. Without a key, the search\n" +
			"covers public notes; with a key, also notes for members.\n\n" +
			"A note must contain every word, in any form. Quotes search for a phrase, \"-\" before a word excludes notes that\n" +
			"contain it, and tag:a/b, path:a and title:a search only there.\n\n" +
			exitCodes("the search succeeded, also if it found nothing"),
		Example: "  export TRIP2G_URL=https://notes.example.com\n" +
			"  trip2g search garden plan\n" +
			"  trip2g search '\"raised beds\"' tag:garden\n" +
			"  trip2g search -- garden -winter            words that start with \"-\" come after \"--\"\n" +
			"  trip2g search garden --json | jq -r '.results[].url'",
		Args:              usage(cobra.MinimumNArgs(1)),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f.add(cmd)
	cmd.Flags().IntVarP(&first, "first", "n", 10, "maximum number of results, up to 100")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if first < 1 || first > maxFound {
			return &codedError{exitUsage, errors.New("--first must be from 1 to 100")}
		}
		term := newTerminal(cmd.OutOrStdout(), cmd.ErrOrStderr(), false)
		return printFound(cmd.Context(), f, term, strings.Join(args, " "), first, asJSON)
	}
	return cmd
}

// printFound searches and prints the results. Its errors have exit codes and are formatted for a
// terminal.
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

// found prints the results of a search.
func (t *terminal) found(answer client.SearchAnswer) {
	begin, end := "", ""
	if isTerminal(t.out) && os.Getenv("NO_COLOR") == "" {
		begin, end = "\x1b[1m", "\x1b[0m"
	}
	for _, r := range answer.Results {
		// The server's text is made printable before escape sequences are added to it.
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
		t.Print("warning: the server is still indexing: there may be more results")
	}
}
