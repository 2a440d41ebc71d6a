package sqlite

import (
	"net/url"
	"path/filepath"
	"strings"
)

// writeDSN opens the writer's connection. Every commit is in the write-ahead log
// and on the disk before anybody is told of it; the log is checkpointed by the
// commit that fills it past 32 MiB and cut back to 64 MiB.
func writeDSN(dir string, volatile bool) string {
	synchronous := "synchronous(FULL)"
	if volatile {
		synchronous = "synchronous(OFF)"
	}
	return dsn(dir, "busy_timeout(5000)", "journal_mode(WAL)", synchronous, "foreign_keys(1)",
		"journal_size_limit(67108864)", "wal_autocheckpoint(8000)", "cache_size(-8192)", "temp_store(MEMORY)", "trusted_schema(0)")
}

// readDSN opens a connection that refuses to change anything.
func readDSN(dir string) string {
	return dsn(dir, "busy_timeout(5000)", "query_only(1)", "cache_size(-8192)", "temp_store(MEMORY)", "trusted_schema(0)")
}

func dsn(dir string, pragmas ...string) string {
	// A path may hold what a URL gives a meaning to.
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(dir, file)), OmitHost: true}
	if !filepath.IsAbs(dir) {
		u.Opaque, u.Path = (&url.URL{Path: u.Path}).EscapedPath(), ""
	}
	return u.String() + "?_pragma=" + strings.Join(pragmas, "&_pragma=")
}
