package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/auth"
	"trip2g/services/trip2g/store/sqlite"
)

// keyFlags are the flags for a key's grant and expiry.
type keyFlags struct {
	scopes  []string
	folder  string
	expires string
}

func (f *keyFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.scopes, "scope", trip2g.DefaultScopes.Names(), "scopes of the key: read, publish, settings; settings allows changing raw_html, stylesheet, footer and access")
	cmd.Flags().StringVar(&f.folder, "folder", "", "folder of the vault that the key can publish to; empty: everywhere")
	cmd.Flags().StringVar(&f.expires, "expires", "never", "when the key expires: a number of days such as 90d, a date such as 2030-12-31, or never")
}

// grant applies the flags that were given to a key's grant and expiry.
func (f *keyFlags) grant(cmd *cobra.Command, key trip2g.APIKey, now time.Time) (trip2g.Grant, time.Time, error) {
	grant, expires := key.Grant, key.ExpiresAt
	var err error
	if cmd.Flags().Changed("scope") {
		if grant.Scopes, err = trip2g.ParseScopes(f.scopes...); err != nil {
			return trip2g.Grant{}, time.Time{}, &codedError{exitUsage, fmt.Errorf("--scope: %w", err)}
		}
	}
	if cmd.Flags().Changed("folder") {
		grant.Folder = f.folder
	}
	if cmd.Flags().Changed("expires") {
		if expires, err = parseExpiry(f.expires, now); err != nil {
			return trip2g.Grant{}, time.Time{}, &codedError{exitUsage, fmt.Errorf("--expires: %w", err)}
		}
	}
	return grant, expires, nil
}

// parseExpiry parses the value of --expires. A date is the last valid day, in UTC.
func parseExpiry(text string, now time.Time) (time.Time, error) {
	if text = strings.ToLower(strings.TrimSpace(text)); text == "never" || text == "" {
		return time.Time{}, nil
	}
	if number, ok := strings.CutSuffix(text, "d"); ok {
		if days, err := strconv.Atoi(number); err == nil && days > 0 {
			return now.AddDate(0, 0, days), nil
		}
	}
	if last, err := time.Parse(time.DateOnly, text); err == nil {
		return last.AddDate(0, 0, 1), nil
	}
	return time.Time{}, errors.New("must be a number of days such as 90d, a date such as 2030-12-31, or never")
}

func newKeysCreateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create an API key and print it; it is shown only once",
		Long: "Without --scope, the key can read and publish. Grant the scope settings only to people who can decide about the\n" +
			"whole site. Without it, _settings.md is published only if it does not change raw_html, stylesheet, footer or access.",
		Example: "  trip2g keys create --name laptop\n" +
			"  trip2g keys create --name mine --scope read,publish,settings\n" +
			"  trip2g keys create --name ci --scope publish --folder Docs --expires 90d",
		Args: usage(cobra.NoArgs),
	}
	name := cmd.Flags().String("name", "", "name of the key, for the list of keys")
	flags := &keyFlags{}
	flags.add(cmd)
	cmd.RunE = withDatabase(func(cmd *cobra.Command, _ []string, db *sqlite.DB) error {
		if *name == "" {
			return &codedError{exitUsage, errors.New("the key needs a name: --name laptop")}
		}
		grant, expires, err := flags.grant(cmd, trip2g.APIKey{Grant: trip2g.Grant{Scopes: trip2g.DefaultScopes}}, time.Now())
		if err != nil {
			return err
		}
		secret, _, err := auth.NewKeys(db, nil).CreateKey(cmd.Context(), *name, grant, expires)
		if err != nil {
			return usageError(err)
		}
		fmt.Fprintln(cmd.OutOrStdout(), secret)
		return nil
	})
	return cmd
}

func newKeysUpdateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "update ID",
		Short:   "Change the scopes, folder or expiry of a key; the rest stays",
		Example: "  trip2g keys update 3 --scope read,publish,settings\n  trip2g keys update 4 --expires 2030-12-31",
		Args:    usage(cobra.ExactArgs(1)),
	}
	flags := &keyFlags{}
	flags.add(cmd)
	for _, name := range []string{"scope", "expires"} {
		cmd.Flags().Lookup(name).DefValue = ""
	}
	cmd.RunE = withDatabase(func(cmd *cobra.Command, args []string, db *sqlite.DB) error {
		id, err := keyID(args[0])
		if err != nil {
			return err
		}
		keys, err := db.Keys(cmd.Context())
		if err != nil {
			return err
		}
		for _, key := range keys {
			if key.ID != id {
				continue
			}
			grant, expires, err := flags.grant(cmd, key, time.Now())
			if err != nil {
				return err
			}
			_, err = auth.NewKeys(db, nil).UpdateKey(cmd.Context(), id, grant, expires)
			return usageError(err)
		}
		return &codedError{exitUsage, fmt.Errorf("there is no API key %d: `trip2g keys list` shows them", id)}
	})
	return cmd
}

// usageError makes an EINVALID error a usage error.
func usageError(err error) error {
	if trip2g.ErrorCode(err) == trip2g.EINVALID {
		return &codedError{exitUsage, err}
	}
	return err
}

func keyID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, &codedError{exitUsage, fmt.Errorf("%q is not the ID of a key: `trip2g keys list` shows them", text)}
	}
	return id, nil
}

// mayDo formats a grant for a list.
func mayDo(grant trip2g.Grant) string {
	if grant.Folder == "" {
		return grant.Scopes.String()
	}
	return grant.Scopes.String() + " in " + grant.Folder + "/"
}
