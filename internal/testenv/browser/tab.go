package browser

// Another opens a second tab that shares cookies and storage with p.
func (p *Page) Another() *Page {
	p.t.Helper()
	var own struct {
		TargetInfo struct{ BrowserContextID string }
	}
	p.Call("Target.getTargetInfo", nil, &own)
	second := &Page{t: p.t, browser: p.browser, watch: newWatch()}
	second.openTab(own.TargetInfo.BrowserContextID)
	second.emulate(Options{})
	return second
}
