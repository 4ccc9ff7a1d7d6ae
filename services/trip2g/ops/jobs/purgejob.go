package jobs

import (
	"context"
	"fmt"
	"time"

	"trip2g/services/trip2g"
)

const (
	purgeName  = "purge"
	purgeEvery = time.Hour
)

func (r *Runner) purgeJob() Job {
	return Job{
		Description: fmt.Sprintf("Deletes expired sessions and sign-in codes, pushes that were not finished within %.0f hours, "+
			"and files that no note has referred to for %.0f days.", trip2g.PushLifetime.Hours(), trip2g.UnusedRetention.Hours()/24),
		Every: purgeEvery,
		Run:   r.purge,
	}
}

func (r *Runner) purge(ctx context.Context, _ []byte) error {
	removed, err := r.store.Purge(ctx, time.Now())
	if err != nil {
		return err
	}
	r.log.Info().Int64("sessions", removed.Sessions).Int64("codes", removed.Codes).
		Int64("staged", removed.Staged).Int64("assets", removed.Assets).Msg("purged the database")
	return nil
}
