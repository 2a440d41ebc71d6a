package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
)

// parts finds what a browser loads with a page.
var parts = regexp.MustCompile(`(?:src|href)="([^"]+\.(?:css|js|svg|woff2|png|ico))(?:\?[^"]*)?"`)

// firstLoad counts what the sign-in page sends to a browser that knows nothing.
func firstLoad(b *bench) error {
	dir := filepath.Join(b.tmp, "login")
	if _, err := b.seed(dir, 1); err != nil {
		return err
	}
	p, err := b.server("host", dir, master)
	if err != nil {
		return err
	}
	defer p.stop()
	header := http.Header{"Accept-Encoding": {"gzip"}, "Accept": {"text/html"}, "Accept-Language": {"en"}}
	base := "http://" + p.addr
	resp, body, err := fetch(base+"/login", header)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.note("`/login` is not served yet: its first load was not measured.")
		return nil
	}
	page, err := plain(resp, body)
	if err != nil {
		return err
	}
	total, requests, foreign := sent(resp, body), 1, 0
	for _, m := range parts.FindAllStringSubmatch(page, -1) {
		if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "//") {
			foreign++
			continue
		}
		resp, body, err := fetch(base+m[1], header)
		if err != nil {
			return err
		}
		total += sent(resp, body)
		requests++
	}
	b.add(row{
		"first load of `/login`", fmt.Sprintf("%.1f kB in %d requests", float64(total)/1e3, requests), fmt.Sprintf("%.1f kB of the page itself", float64(len(body))/1e3),
		fmt.Sprintf("%d third-party requests", foreign), "≤ 40 kB sent, none of them third-party", judge(total <= 40_000 && foreign == 0),
	})
	return nil
}
