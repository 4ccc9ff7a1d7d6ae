// Package cli contains the commands of the program trip2g.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"trip2g/services/trip2g"
)

// Exit codes of all commands. The help of push lists more.
const (
	exitFailure = 1
	exitUsage   = 2
)

// codedError is an error with an exit code.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

// Run executes a command line, without the program's name, and returns the exit code. Errors are
// printed once, to stderr.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "trip2g:", err)
	var coded *codedError
	if errors.As(err, &coded) {
		return coded.code
	}
	return exitFailure
}

func newRootCommand() *cobra.Command {
	serve := newServeCommand()
	root := &cobra.Command{
		Use:   "trip2g",
		Short: "Publish a folder of Markdown notes, and serve it from one node or many",
		Long: "trip2g serves a vault of Markdown notes as a website, from memory, live.\n\n" +
			"Without a command, it starts the server: a leader with a database in the current folder, or with\n" +
			"TRIP2G_LEADER_ADDR a read replica of that leader. `trip2g serve --help` lists the settings.\n\n" +
			"Commands that connect to a server use --url and --key, or TRIP2G_URL and TRIP2G_KEY. They show a progress\n" +
			"bar only on a terminal. NO_COLOR=1 disables colors, also in the server's log.\n\n" +
			"Every node serves the documentation of its version at " + trip2g.DocsURL + ", e.g. http://localhost:8081" + trip2g.DocsURL + ".",
		Example: "  trip2g                                     serve on http://localhost:8081\n" +
			"  trip2g keys create --name laptop           create an API key\n" +
			"  TRIP2G_KEY=t2g_... trip2g push ~/notes     publish a folder with that key",
		Args:          usage(cobra.NoArgs),
		RunE:          serve.RunE,
		Version:       trip2g.Version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	serve.Flags().VisitAll(func(flag *pflag.Flag) {
		hidden := *flag // the general help would begin with thirty settings
		hidden.Hidden = true
		root.Flags().AddFlag(&hidden)
	})
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return &codedError{exitUsage, fmt.Errorf("%w; see --help", err)}
	})
	root.AddCommand(serve, newPushCommand(), newPullCommand(), newSearchCommand(), newStatusCommand(), newKeysCommand(), newCompletionCommand(), newVersionCommand())
	root.SetVersionTemplate("{{.Version}}\n")
	checkHelp(root)
	return root
}

// checkHelp makes `trip2g help` fail for an unknown command. Cobra would show the general help.
func checkHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, _ := root.Find([]string{"help"})
	help.Args = func(_ *cobra.Command, args []string) error {
		cmd, rest, err := root.Find(args)
		if err == nil && len(rest) > 0 {
			err = fmt.Errorf("unknown command %q for %q%s", rest[0], cmd.CommandPath(), didYouMean(cmd, rest[0]))
		}
		if err != nil {
			return &codedError{exitUsage, fmt.Errorf("%w; see --help", err)}
		}
		return nil
	}
}

// group makes cmd a parent of other commands. Without a subcommand it shows its help; an unknown
// one is a usage error.
func group(cmd *cobra.Command, commands ...*cobra.Command) *cobra.Command {
	cmd.Args = usage(cobra.NoArgs)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(commands...)
	return cmd
}

// usage makes a wrong number of arguments a usage error.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		switch {
		case err == nil:
			return nil
		case cmd.HasSubCommands():
			return &codedError{exitUsage, fmt.Errorf("%w%s; see --help", err, didYouMean(cmd, args[0]))}
		default:
			return &codedError{exitUsage, fmt.Errorf("%w; usage: %s", err, cmd.UseLine())}
		}
	}
}

// didYouMean suggests commands for an unknown word.
func didYouMean(cmd *cobra.Command, word string) string {
	cmd.SuggestionsMinimumDistance = 2 // letters that differ, cobra's own default
	names := cmd.SuggestionsFor(word)
	if len(names) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(names, " or ") + "?"
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  trip2g version",
		Args:    usage(cobra.NoArgs),
		Run:     func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), trip2g.Version) },
	}
}
