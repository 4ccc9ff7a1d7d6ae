package trip2g

// Version is the version of the running program. The linker sets it; see tools/build.sh.
var Version = "dev"
