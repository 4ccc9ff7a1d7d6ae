package cli

import (
	"fmt"
	"strings"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/push"
)

// maxWould is the maximum number of lines per action in a dry run.
const maxWould = 10

// levelNames are the names of access levels in JSON.
var levelNames = map[trip2g.NoteAccess]string{
	trip2g.Public: "public", trip2g.ForMembers: "members", trip2g.ForGroups: "groups", trip2g.NotShown: "notShown",
}

// noteReport is a note in the JSON of a dry run.
type noteReport struct {
	Path   string   `json:"path"`
	Access string   `json:"access"` // public, members, groups, notShown or leftOut
	Groups []string `json:"groups"`
	Reason string   `json:"reason"`
}

// noteReports returns who can read each note of a folder, and why.
func noteReports(a audience, site trip2g.SiteAccess, s push.Summary) []noteReport {
	if a.settings != trip2g.AccessNotChosen {
		site = a.settings
	}
	reports := []noteReport{}
	for _, n := range a.notes {
		access := n.access.Resolve(site)
		report := noteReport{Path: n.path, Access: levelNames[access.Level], Groups: list(access.Groups.Names()), Reason: "frontmatter"}
		switch {
		case !n.page:
			report.Access, report.Groups, report.Reason = levelNames[trip2g.NotShown], list(nil), "not a page"
		case n.access.Level == trip2g.Unspecified:
			report.Reason = "the site's default"
		}
		reports = append(reports, report)
	}
	for _, e := range s.Excluded {
		reports = append(reports, noteReport{e.Path, "leftOut", list(nil), e.Rule})
	}
	return reports
}

// who returns who can read a note, in words.
func (r noteReport) who() string {
	switch r.Access {
	case "members":
		return "for members"
	case "groups":
		if len(r.Groups) == 0 {
			return "for the owner only"
		}
		return "for " + strings.Join(r.Groups, ", ")
	case "notShown":
		return "not shown"
	case "leftOut":
		return "excluded"
	default:
		return "public"
	}
}

// rehearsed prints what a dry run would do, and who can read each note.
func (t *terminal) rehearsed() {
	for _, action := range []string{"send", "unpublish", "upload"} {
		paths := t.would[action]
		if !t.verbose && len(paths) > maxWould {
			fmt.Fprintln(t.out, printable(fmt.Sprintf("would %s %s: %s", action, count(len(paths), kindOf[action]), names(paths))))
			continue
		}
		for _, path := range paths {
			fmt.Fprintln(t.out, printable("would "+action+" "+path))
		}
	}
	if t.verbose {
		for _, n := range t.notes {
			fmt.Fprintln(t.out, printable(fmt.Sprintf("%s: %s (%s)", n.Path, n.who(), n.Reason)))
		}
		return
	}
	var order []string
	byWho := map[string][]string{}
	for _, n := range t.notes {
		who := n.who()
		if byWho[who] == nil {
			order = append(order, who)
		}
		byWho[who] = append(byWho[who], n.Path)
	}
	for _, who := range order {
		fmt.Fprintln(t.out, printable(fmt.Sprintf("%s: %s (%s)", who, count(len(byWho[who]), "note"), names(byWho[who]))))
	}
	if len(order) > 0 {
		fmt.Fprintln(t.out, "-v lists each note with the reason")
	}
}

// kindOf maps an action of a dry run to its noun.
var kindOf = map[string]string{"send": "note", "unpublish": "note", "upload": "file"}

// printAccess prints who can read the site after a push.
func (t *terminal) printAccess() {
	a := t.access
	if a == nil {
		return
	}
	fmt.Fprintf(t.out, "Access: %d public, %d for members, %d for groups, %d not shown\n", a.Public, a.Members, a.Groups, a.NotShown)
	if a.Default == trip2g.AccessNotChosen && a.Unspecified > 0 {
		fmt.Fprintln(t.out, setNoAccess(a.Unspecified)+" and so only members can read them. `trip2g push --access everyone` makes them public; `--access members` keeps them for members.")
	}
}

// accessReport is the JSON output about access after a push.
type accessReport struct {
	Default     *string `json:"default"` // null: none was chosen, which acts as members
	Public      int     `json:"public"`
	Members     int     `json:"members"`
	Groups      int     `json:"groups"`
	NotShown    int     `json:"notShown"`
	Unspecified int     `json:"unspecified"` // of the public ones, or of those for members
}

func newAccessReport(a *trip2g.AccessState) *accessReport {
	if a == nil {
		return nil
	}
	report := &accessReport{nil, a.Public, a.Members, a.AccessCounts.Groups, a.NotShown, a.Unspecified}
	if name := a.Default.String(); name != "" {
		report.Default = &name
	}
	return report
}
