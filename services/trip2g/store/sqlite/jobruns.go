package sqlite

import (
	"context"

	"trip2g/services/trip2g"
)

// PutJobRun implements trip2g.JobStore.
func (db *DB) PutJobRun(ctx context.Context, run trip2g.JobRun) error {
	return db.write(ctx, "record the run of a job", func(t *tx) error {
		_, err := t.exec(`INSERT OR REPLACE INTO job_runs (name, started_at, finished_at, error) VALUES (?, ?, ?, ?)`,
			run.Name, millis(run.StartedAt), millis(run.FinishedAt), run.Error)
		return err
	})
}

// JobRuns implements trip2g.JobStore.
func (db *DB) JobRuns(ctx context.Context) ([]trip2g.JobRun, error) {
	var runs []trip2g.JobRun
	err := db.read(ctx, "list the runs of jobs", func(t *tx) error {
		for rows, err := range t.each(`SELECT name, started_at, finished_at, error FROM job_runs ORDER BY name`) {
			if err != nil {
				return err
			}
			var run trip2g.JobRun
			var started, finished int64
			if err := rows.Scan(&run.Name, &started, &finished, &run.Error); err != nil {
				return err
			}
			run.StartedAt, run.FinishedAt = fromMillis(started), fromMillis(finished)
			runs = append(runs, run)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return runs, nil
}
