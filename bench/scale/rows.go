package scale

import (
	"fmt"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"trip2g/bench/report"
)

const (
	// flat is the limit for the ratio of the largest to the smallest vault.
	flat = 2
	// publishedWithin is the limit for 10,000 notes, in seconds.
	publishedWithin = 30
	// forwardedWithin is the limit for the latency that forwarding adds, in milliseconds.
	forwardedWithin = 1
	// Limits of memory before the first request, in bytes: per note, and per byte of its text.
	memoryOfNote = 4 << 10
	memoryOfByte = 3
	// fewestForMemory is the lowest number of notes with a memory goal: with fewer, the fixed costs
	// of a process dominate.
	fewestForMemory = 1000
)

// readyWithin limits the time of a start, in seconds, by number of notes.
var readyWithin = map[int]float64{1000: 1, 10_000: 3, 100_000: 20}

// Section returns the result as a section of a report.
func (r *Result) Section() report.Section {
	return report.Section{
		Title: "Vault size",
		Text:  "A leader and two replicas, all on this machine, each with its own LiteFS mount. The vaults have links, images, tags and several scripts; a note has 3 KB on average. To compare a large vault with a small one, both run, in interleaved rounds.",
		Rows: []report.Row{
			r.forwardingRow(), r.publishingRow(), r.changeRow(), r.pushChangeRow(),
			r.readyRow(), r.coldRow(), r.warmRow(), r.wireRow(), r.processorRow(),
		},
	}
}

func (r *Result) forwardingRow() report.Row {
	f := r.Forwarding
	leader := report.Figure{Name: "to the leader", Unit: "ms", Values: f.Leader}
	replica := report.Figure{Name: "through a replica", Unit: "ms", Values: f.Replica}
	proxy := report.Figure{Name: "through a bare proxy", Unit: "ms", Values: f.Proxy}
	return report.Row{
		Name: "A small write through a replica (p50)", Against: "the same at the leader, and through one more hop of net/http",
		Figures: []report.Figure{leader, replica, proxy},
		Claims: []report.Claim{
			report.Difference("forwarding adds", replica, leader, report.Goal{Kind: report.AtMost, Bound: forwardedWithin}),
			report.Difference("the bare proxy adds", proxy, leader, report.Goal{}),
		},
		Notes: []string{
			"The bare proxy is `httputil.ReverseProxy` in front of the leader. Unlike a replica, it does not apply the change at the same time, on the same cores.",
			"When profiled, a request that writes nothing took 0.40 ms at the leader, 0.62 ms through the bare proxy and 0.85 ms through a replica, which also signs it, buffers it for a retry, and logs it. Complete requests are forwarded over HTTP/1.1: HTTP/2, which passes frames between goroutines, took 1.05 ms, and a write one millisecond longer.",
		},
	}
}

func (r *Result) publishingRow() report.Row {
	return r.rowBySize("Pushing a vault to an empty server", "the number of notes", func(s Size) report.Claim {
		return report.Claim{Figure: s.figure("s", s.Published.All.Seconds()), Goal: within(s, map[int]float64{10_000: publishedWithin})}
	}, "From the start of `trip2g push`, which first reads the vault from disk, until both replicas show it.")
}

func (r *Result) changeRow() report.Row {
	row := r.rowBySize("Changing one small note, until both replicas show it (p50)", "the same in the smallest vault", func(s Size) report.Claim {
		return report.Claim{Figure: s.figure("ms", s.Change.Visible...)}
	})
	for _, s := range r.Sizes {
		row.Figures = append(row.Figures, report.Figure{Name: s.name() + ", acknowledged", Unit: "ms", Values: s.Change.Acknowledged})
	}
	last := r.largest()
	row.Claims = append(row.Claims, report.Ratio("largest / smallest vault", last.figure("ms", last.Change.Visible...),
		report.Figure{Name: "smallest", Unit: "ms", Values: last.Reference.Visible}, atMost(flat)))
	return row
}

func (r *Result) pushChangeRow() report.Row {
	return r.rowBySize("Pushing a vault again with one changed note", "the number of notes", func(s Size) report.Claim {
		return report.Claim{Figure: s.figure("s", s.Published.OneChanged.Seconds())}
	}, "`trip2g push` reads the whole vault to find what changed. An editor plugin knows what changed and sends one note: see the previous table.")
}

func (r *Result) readyRow() report.Row {
	return r.rowBySize("Starting a replica until it is ready", "the number of notes", func(s Size) report.Claim {
		return report.Claim{Figure: s.figure("s", s.Start.ToReady...), Goal: within(s, readyWithin)}
	}, "From the start of its LiteFS node until `/readyz` returns 200, polled every 5 ms.",
		"When profiled, 100,000 notes without a mount took 14 s on two cores: 10 s for parsing, 3 to 4 s for the indexes of links, folders and tags. The indexes are built in parallel, each from sorted input: for a million links, the names of the targets are resolved and sorted first. Note by note and link by link, this took 10 s. The rest is LiteFS checking its database. Text is read from the mount in blocks of 512 KB: 90 MB take 0.25 s, instead of 2 s page by page. The search index is built after the start.")
}

func (r *Result) coldRow() report.Row {
	row := r.rowBySize("Memory of a replica before the first request", "4 KB per note and 3 bytes per byte of text", func(s Size) report.Claim {
		claim := report.Claim{Figure: s.figure("MB", megabytes(s.Start.Cold-s.Start.Empty))}
		if s.Notes >= fewestForMemory {
			claim.Goal = atMost(megabytes(memoryOfNote*int64(s.Notes) + memoryOfByte*s.Text))
		}
		return claim
	}, fmt.Sprintf("Resident memory of the server process after a start, minus the %.0f MB without a vault.", megabytes(r.largest().Start.Empty)),
		"When profiled, 7 of the 13 MB for 1,000 notes were the notes (3.5 MB of it their text), 2.5 MB fragmentation after parsing, 1 MB SQLite for the search index, 1 MB the garbage collector, and 1.5 MB code that only parsing uses. More frequent garbage collection while a small vault is loaded, smaller page caches, and releasing memory after the start (of the connection that read the vault, and of indexing) saved 8 MB.")
	for _, s := range r.Sizes {
		row.Figures = append(row.Figures, report.Figure{
			Name: "a note of " + s.name(), Unit: "KB", Values: []float64{float64(s.Start.Cold-s.Start.Empty) / 1e3 / float64(s.Notes)},
		})
	}
	return row
}

func (r *Result) warmRow() report.Row {
	return r.rowBySize("Additional memory after its pages were requested", "TRIP2G_BODY_CACHE_SIZE", func(s Size) report.Claim {
		return report.Claim{Figure: s.figure("MB", megabytes(s.Start.Warm-s.Start.Cold)), Goal: atMost(bodyCache / 1e6)}
	}, message.NewPrinter(language.English).Sprintf("Each page once, %d at most, compressed, as browsers request them. `TRIP2G_BODY_CACHE_SIZE` has its default.", manyPages))
}

func (r *Result) wireRow() report.Row {
	row := r.rowBySize("Data sent to a replica for one small write", "the number of notes", func(s Size) report.Claim {
		return report.Claim{Figure: s.figure("bytes", s.Change.Wire...)}
	}, "TCP payload from the leader's LiteFS node. Compared with a vault of 1,000 notes, because in a smaller one several tables share the changed pages.")
	first, last := r.smallestFrom(1000), r.largest()
	row.Claims = append(row.Claims, report.Ratio("largest vault / "+first.name(), last.figure("", last.Change.Wire...), first.figure("", first.Change.Wire...), atMost(flat)))
	return row
}

func (r *Result) processorRow() report.Row {
	row := report.Row{
		Name: "CPU time on the leader for one small write", Against: "the same in the smallest vault",
		Notes: []string{"For the server and its LiteFS node, which sends the write to two replicas."},
	}
	for _, s := range r.Sizes {
		row.Figures = append(row.Figures,
			report.Figure{Name: s.name() + ", server", Unit: "ms", Values: s.Change.ServerCPU},
			report.Figure{Name: s.name() + ", LiteFS", Unit: "ms", Values: s.Change.LiteFSCPU})
	}
	last := r.largest()
	for _, part := range []struct {
		name              string
		largest, smallest []float64
	}{{"server", last.Change.ServerCPU, last.Reference.ServerCPU}, {"LiteFS", last.Change.LiteFSCPU, last.Reference.LiteFSCPU}} {
		row.Claims = append(row.Claims, report.Ratio("largest / smallest vault, "+part.name,
			report.Figure{Values: part.largest}, report.Figure{Values: part.smallest}, atMost(flat)))
	}
	return row
}

// rowBySize returns a row with one claim for each size, or one figure where there is no goal.
func (r *Result) rowBySize(name, against string, of func(Size) report.Claim, notes ...string) report.Row {
	row := report.Row{Name: name, Against: against, Notes: notes}
	for _, s := range r.Sizes {
		claim := of(s)
		if claim.Goal.Kind == report.NoGoal {
			row.Figures = append(row.Figures, claim.Figure)
			continue
		}
		row.Claims = append(row.Claims, claim)
	}
	return row
}

func (r *Result) largest() Size { return r.Sizes[len(r.Sizes)-1] }

// smallestFrom returns the smallest size with at least that many notes, or else the largest size.
func (r *Result) smallestFrom(notes int) Size {
	for _, s := range r.Sizes {
		if s.Notes >= notes {
			return s
		}
	}
	return r.largest()
}

// figure returns a figure that is named after the size.
func (s Size) figure(unit string, values ...float64) report.Figure {
	return report.Figure{Name: s.name(), Unit: unit, Values: values}
}

func (s Size) name() string { return message.NewPrinter(language.English).Sprintf("%d notes", s.Notes) }

// within returns the goal of a size; none if there is no limit for it.
func within(s Size, bounds map[int]float64) report.Goal {
	if bound, ok := bounds[s.Notes]; ok {
		return atMost(bound)
	}
	return report.Goal{}
}

func atMost(bound float64) report.Goal { return report.Goal{Kind: report.AtMost, Bound: bound} }

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }
