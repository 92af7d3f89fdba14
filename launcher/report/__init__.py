"""Reports of findings: pure functions of `findings.Report` to text, JUnit XML and one HTML page. Nothing is asked."""
