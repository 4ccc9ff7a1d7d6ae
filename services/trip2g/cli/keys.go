package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trip2g/services/trip2g/ops/config"
	"trip2g/services/trip2g/ops/filemode"
	"trip2g/services/trip2g/store/sqlite"
)

func newKeysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Create, list, change and revoke API keys, on the leader",
		Long: "API keys let programs publish. These commands change the database directly, whether or not the server runs,\n" +
			"and take effect at once.",
		Example: "  trip2g keys list --db-file /var/lib/trip2g/data.sqlite3",
	}
	config.AddFlags(cmd.PersistentFlags())
	for _, s := range config.Settings() {
		if s.Flag != "db-file" {
			cmd.PersistentFlags().Lookup(s.Flag).Hidden = true
		}
	}
	return group(cmd, newKeysCreateCommand(), newKeysListCommand(), newKeysUpdateCommand(), newKeysRevokeCommand())
}

func newKeysListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the keys: ID, name, first characters, scopes, and when each was created, last used, expires or was revoked",
		Example: "  trip2g keys list",
		Args:    usage(cobra.NoArgs),
		RunE: withDatabase(func(cmd *cobra.Command, _ []string, db *sqlite.DB) error {
			keys, err := db.Keys(cmd.Context())
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "ID\tNAME\tKEY\tMAY\tCREATED\tLAST USED\tEXPIRES\tREVOKED")
			for _, k := range keys {
				fmt.Fprintf(table, "%d\t%s\t%s…\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Name, k.Hint, mayDo(k.Grant),
					when(k.CreatedAt), when(k.LastUsedAt), when(k.ExpiresAt), when(k.RevokedAt))
			}
			return table.Flush()
		}),
	}
}

func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateTime)
}

func newKeysRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "revoke ID",
		Short:   "Revoke a key permanently",
		Example: "  trip2g keys revoke 3",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: withDatabase(func(cmd *cobra.Command, args []string, db *sqlite.DB) error {
			id, err := keyID(args[0])
			if err != nil {
				return err
			}
			return db.RevokeKey(cmd.Context(), id, time.Now())
		}),
	}
}

// withDatabase opens the leader's database for a command. It does not create one: in the wrong
// folder, the key would be unknown to the server.
func withDatabase(fn func(*cobra.Command, []string, *sqlite.DB) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) (err error) {
		c, err := config.Read(cmd.Flags(), os.Environ())
		if err != nil {
			return &codedError{exitUsage, err}
		}
		if c.Replica() {
			return &codedError{exitUsage, fmt.Errorf("this is a replica of %s: run the command on the leader", c.LeaderAddr)}
		}
		switch found, err := c.HasDatabase(); {
		case err != nil:
			return err
		case !found:
			return noDatabase(c.DBFile)
		}
		filemode.SetUmask()
		db, err := sqlite.OpenLeader(cmd.Context(), c.DBFile, sqlite.Options{
			DiskReserve: int64(c.DiskReserve),
			Migrated:    func(decision string) { fmt.Fprintln(cmd.ErrOrStderr(), decision) },
		})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		return fn(cmd, args, db)
	}
}

func noDatabase(path string) error {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	return &codedError{exitUsage, fmt.Errorf("there is no database at %s: set --db-file to the server's database, which the server creates at its first start", absolute)}
}
