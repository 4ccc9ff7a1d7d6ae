package cli

import (
	"io"

	"github.com/spf13/cobra"
)

// shell is a supported shell.
type shell struct {
	name, install string
	write         func(root *cobra.Command, out io.Writer) error
}

var shells = []shell{
	{
		name: "bash",
		install: "Requires the package bash-completion. For your user:\n\n" +
			"  mkdir -p ~/.local/share/bash-completion/completions\n" +
			"  trip2g completion bash > ~/.local/share/bash-completion/completions/trip2g\n\n" +
			"For all users of this machine, as root:\n\n" +
			"  trip2g completion bash > /etc/bash_completion.d/trip2g",
		write: func(root *cobra.Command, out io.Writer) error { return root.GenBashCompletionV2(out, true) },
	},
	{
		name: "zsh",
		install: "Write it to a folder in $fpath, before compinit runs:\n\n" +
			"  mkdir -p ~/.zsh/completions\n" +
			"  trip2g completion zsh > ~/.zsh/completions/_trip2g\n" +
			"  # in ~/.zshrc: fpath=(~/.zsh/completions $fpath); autoload -U compinit; compinit",
		write: func(root *cobra.Command, out io.Writer) error { return root.GenZshCompletion(out) },
	},
	{
		name: "fish",
		install: "  mkdir -p ~/.config/fish/completions\n" +
			"  trip2g completion fish > ~/.config/fish/completions/trip2g.fish",
		write: func(root *cobra.Command, out io.Writer) error { return root.GenFishCompletion(out, true) },
	},
	{
		name: "powershell",
		install: "For this session:\n\n" +
			"  trip2g completion powershell | Out-String | Invoke-Expression\n\n" +
			"For every session, once:\n\n" +
			"  trip2g completion powershell >> $PROFILE",
		write: func(root *cobra.Command, out io.Writer) error { return root.GenPowerShellCompletionWithDesc(out) },
	},
}

func newCompletionCommand() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "completion",
		Short:   "Print a shell completion script",
		Long:    "Prints a script for bash, zsh, fish or PowerShell. The help of each shows where to install it.",
		Example: "  trip2g completion bash --help\n  source <(trip2g completion bash)",
	})
	for _, s := range shells {
		cmd.AddCommand(&cobra.Command{
			Use:               s.name,
			Short:             "Print the script for " + s.name,
			Long:              "Prints the completion script for " + s.name + ". Open a new shell after installing it.\n\n" + s.install,
			Example:           "  trip2g completion " + s.name,
			Args:              usage(cobra.NoArgs),
			ValidArgsFunction: cobra.NoFileCompletions,
			RunE:              func(cmd *cobra.Command, _ []string) error { return s.write(cmd.Root(), cmd.OutOrStdout()) },
		})
	}
	return cmd
}
