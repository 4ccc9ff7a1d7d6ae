package cli

import (
	"os"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"trip2g/services/trip2g/ops/config"
	"trip2g/services/trip2g/server"
)

func newServeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run a node (the default without a command)",
		Long: "Runs a leader, or with TRIP2G_LEADER_ADDR a read replica, until SIGTERM or Ctrl-C.\n" +
			"Each setting is a flag and a variable. The flag takes precedence.",
		Example: "  trip2g serve --listen-addr 127.0.0.1:8081 --db-file /var/lib/trip2g/data.sqlite3\n" +
			"  TRIP2G_LEADER_ADDR=leader:8082 trip2g serve",
		Args: usage(cobra.NoArgs),
	}
	config.AddFlags(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := config.Load(cmd.Flags(), os.Environ())
		if err != nil {
			return &codedError{exitUsage, err}
		}
		return logged(c, cmd.ErrOrStderr(), func(log zerolog.Logger) error {
			warnUnprefixed(log, os.Environ())
			return server.Run(cmd.Context(), c, log)
		})
	}
	return cmd
}

// warnUnprefixed logs settings in the environment that lack the prefix.
func warnUnprefixed(log zerolog.Logger, environ []string) {
	if names := config.Unprefixed(environ); len(names) > 0 {
		log.Warn().Strs("variables", names).Msg("these variables have no effect without " + config.Prefix + " before their name: rename the ones that are meant for this server")
	}
}
