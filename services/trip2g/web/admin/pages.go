package admin

import "trip2g/services/trip2g"

// Prefix is the prefix of the URL paths of the admin pages.
const Prefix = trip2g.SystemPrefix

// page is an admin page at Prefix+path.
type page struct {
	path  string
	name  string // of its files
	title string
	group string // heading in the menu; "" for none
	under string // path of the page to mark in the menu, for a page that is not in it
}

// Groups of the menu.
const (
	contentGroup = "Content"
	peopleGroup  = "People"
	systemGroup  = "System"
)

// pages lists all pages in the order of the menu.
var pages = []page{
	{path: "", name: "overview", title: "Overview"},
	{path: "notes", name: "notes", title: "Notes", group: contentGroup},
	{path: "note", name: "note", title: "Note", under: "notes"},
	{path: "publish", name: "publish", title: "Publish", group: contentGroup},
	{path: "warnings", name: "warnings", title: "Warnings", group: contentGroup},
	{path: "404s", name: "notfound", title: "404s (not found)", group: contentGroup},
	{path: "redirects", name: "redirects", title: "Redirects", group: contentGroup},
	{path: "members", name: "members", title: "Members", group: peopleGroup},
	{path: "keys", name: "keys", title: "API keys", group: peopleGroup},
	{path: "settings", name: "settings", title: "Settings", group: systemGroup},
	{path: "jobs", name: "jobs", title: "Jobs", group: systemGroup},
	{path: "nodes", name: "nodes", title: "Nodes", group: systemGroup},
	{path: "api", name: "playground", title: "API", group: systemGroup},
}
