// A v2 job creator and a v2 resource provider, at a solver whose address is the one argument; with a second one, the provider alone.
//
// They do what v2's own peers do, in their order, with Go's JSON, tar and multipart writers, its websocket and its signatures.
// Says `ok` and a line for each step, or what went wrong.
package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"time"
)

// Public development keys: they hold nothing anywhere.
const (
	creatorKey  = "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"
	providerKey = "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a"
	strangerKey = "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e"
)

// What the reference's appendix A.7 gives for the job creator's key.
const creatorSignature = "vms6LpCLddBVoVV+vfUAXAoILvWxKjgmzJhzl+QWCeZuZHKcc44GOY5LJm6c6+bjPAUs3l40M6s/Trb/YYK3PwE="

var trusted = services{
	Solver:   "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
	Mediator: []string{"0x90F79bf6EB2c4f870365E785982E1f101E93b906"},
}

var price = pricing{InstructionPrice: 1, PaymentCollateral: 2, ResultsCollateralMultiple: 2, MediationFee: 1}

func main() {
	url := os.Args[1]
	if len(os.Args) > 2 {
		provide(url)
		return
	}
	creator, provider, stranger := newPeer(url, creatorKey), newPeer(url, providerKey), newPeer(url, strangerKey)
	equal("the signature", creator.headers.Get("X-Lilypad-Signature"), creatorSignature)
	step("signed", creator.address)
	creatorEvents, providerEvents := creator.listen("JobCreator"), provider.listen("ResourceProvider")

	offered := provider.offer()
	step("offered", offered.ID)
	job := creator.jobOffer()
	job.Inputs = map[string]string{"Message": "<moo> & \u2028 é 🍂"}
	var posted jobOfferContainer
	creator.post("/job_offers", job, &posted)
	equal("the job's id", posted.ID, cid(job))
	done := run(creator, provider, stranger, creatorEvents, providerEvents, posted.ID, nil)
	equal("the deal's inputs", done.Deal.JobOffer.Inputs["Message"], job.Inputs["Message"])
	equal("the resource offer", done.ResourceOffer, offered.ID)
	step("accepted", done.ID)

	// Another, with input files, by the same two peers.
	provider.offer()
	job = creator.jobOffer()
	job.InputFiles.Required = []string{"a.txt"}
	inputs := archive(file{"a.txt", "some input\n"})
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	part, err := writer.CreateFormFile("job_offer.json", "job_offer.json")
	must(err)
	_, err = part.Write(text(job))
	must(err)
	part, err = writer.CreateFormFile("inputs.tar", "inputs.tar")
	must(err)
	_, err = part.Write(inputs)
	must(err)
	must(writer.Close())
	response, answer := creator.try("POST", "/job_offers/with_files", writer.FormDataContentType(), form.Bytes())
	equal("the status of a job with files", response.StatusCode, http.StatusOK)
	parse(answer, &posted)
	equal("the id of a job with files", posted.ID, cid(job))
	done = run(creator, provider, stranger, creatorEvents, providerEvents, posted.ID, inputs)
	step("accepted with files", done.ID)
	fmt.Println("ok")
}

// Offers a machine and runs one job of somebody else, until its results are accepted.
func provide(url string) {
	provider := newPeer(url, providerKey)
	events := provider.listen("ResourceProvider")
	step("offered", provider.offer().ID)
	added := await(events, "DealAdded", func(event solverEvent) bool {
		return event.EventType == "DealAdded" && event.Deal.ResourceProvider == provider.address
	}).Deal
	deal := "/deals/" + added.ID
	if names := added.Deal.JobOffer.InputFiles.Required; len(names) > 0 {
		readInputs(provider.ask("GET", deal+"/input_files", nil), names)
	}
	files := archive(file{"exitCode", "0"}, file{"stderr", ""}, file{"stdout", "moo\n"})
	var uploaded, posted result
	parse(provider.ask("POST", deal+"/files", files), &uploaded)
	provider.post(deal+"/result", result{DataID: "Qme5yFHYuGK97MfCqNdNTCU8n9GxystnsJaU7CyJuhAZcy", InstructionCount: 1}, &posted)
	await(events, "ResultsAccepted", func(event solverEvent) bool {
		return event.EventType == "DealStateUpdated" && event.Deal.ID == added.ID && event.Deal.State == 3
	})
	fmt.Println("ok")
}

// Passes where an archive of inputs holds these files, each of which says its own name.
func readInputs(archive []byte, names []string) {
	reader := tar.NewReader(bytes.NewReader(archive))
	found := map[string]string{}
	for {
		header, err := reader.Next()
		if err == io.EOF {
			break
		}
		must(err)
		if header.Typeflag == tar.TypeReg {
			content, err := io.ReadAll(reader)
			must(err)
			found[path.Clean(header.Name)] = string(content)
		}
	}
	equal("how many input files there are", len(found), len(names))
	for _, name := range names {
		equal("an input file", found[name], "this is "+name+"\n")
	}
	step("inputs", names[0])
}

// Puts a machine on the market.
func (p *peer) offer() resourceOfferContainer {
	offer := resourceOffer{
		CreatedAt:        int(time.Now().UnixMilli()),
		ResourceProvider: p.address,
		Spec:             machineSpec{CPU: 16000, RAM: 137438953472, Disk: 68719476736},
		Modules:          []string{},
		Mode:             "FixedPrice",
		DefaultPricing:   price,
		ModulePricing:    map[string]pricing{},
		Services:         trusted,
	}
	var taken resourceOfferContainer
	p.post("/resource_offers", offer, &taken)
	equal("the resource offer's id", taken.ID, cid(offer))
	return taken
}

func (p *peer) jobOffer() jobOffer {
	now := time.Now()
	return jobOffer{
		CreatedAt:  int(now.UnixMilli()),
		Nonce:      fmt.Sprintf("%021d", now.UnixNano()),
		JobCreator: p.address,
		Module: moduleConfig{
			Repo: "https://github.com/Lilypad-Tech/lilypad-module-cowsay", Hash: "v0.0.4", Path: "/lilypad_module.json.tmpl",
		},
		Spec:     machineSpec{CPU: 1000, RAM: 100},
		Mode:     "MarketPrice",
		Pricing:  price,
		Services: trusted,
	}
}

// Runs a posted job from its deal to its accepted result, as both sides do it.
func run(creator, provider, stranger *peer, creatorEvents, providerEvents <-chan solverEvent, job string, inputs []byte) dealContainer {
	added := await(providerEvents, "DealAdded", func(event solverEvent) bool {
		return event.EventType == "DealAdded" && event.Deal.ResourceProvider == provider.address && event.Deal.JobOffer == job
	}).Deal
	if added.Deal.JobOffer.Inputs != nil {
		fail("an event shows inputs to everybody")
	}
	var found []dealContainer
	provider.get("/deals?resource_provider="+provider.address+"&state=DealAgreed", &found)
	equal("deals to run", len(found), 1)
	equal("the deal to run", found[0].ID, added.ID)
	unnamed := found[0].Deal
	unnamed.ID = ""
	equal("the deal's id", found[0].ID, cid(unnamed))
	path := "/deals/" + found[0].ID
	if inputs != nil {
		equal("the input files", string(provider.ask("GET", path+"/input_files", nil)), string(inputs))
	}

	files := archive(file{"exitCode", "0"}, file{"stderr", ""}, file{"stdout", "moo\n"})
	var uploaded, posted result
	parse(provider.ask("POST", path+"/files", files), &uploaded)
	equal("the upload", uploaded.DataID, found[0].ID)
	provider.post(path+"/result", result{DataID: "Qme5yFHYuGK97MfCqNdNTCU8n9GxystnsJaU7CyJuhAZcy", InstructionCount: 1}, &posted)
	equal("the result's deal", posted.DealID, found[0].ID)
	var noted dealContainer
	provider.post(path+"/txs/resource_provider", transactionsOfProvider{AddResult: "0x"}, &noted)
	equal("the noted transaction", noted.Transactions.ResourceProvider.AddResult, "0x")

	isJob := func(state uint8) func(solverEvent) bool {
		return func(event solverEvent) bool {
			return event.EventType == "JobOfferStateUpdated" && event.JobOffer.ID == job && event.JobOffer.State == state
		}
	}
	await(creatorEvents, "ResultsSubmitted", isJob(2))
	var submitted []dealContainer
	creator.get("/deals?job_creator="+creator.address+"&state=ResultsSubmitted", &submitted)
	equal("deals with results", len(submitted), 1)
	var got result
	creator.get(path+"/result", &got)
	equal("the results' id", got.ResultsID, "Qme5yFHYuGK97MfCqNdNTCU8n9GxystnsJaU7CyJuhAZcy")
	response, _ := stranger.try("GET", path+"/files", "", nil)
	equal("a stranger's download", response.StatusCode, http.StatusInternalServerError)
	equal("stdout", unpack(creator.ask("GET", path+"/files", nil))["stdout"], "moo\n")
	var accepted dealContainer
	for range 2 {
		creator.post(path+"/txs/job_creator", transactionsOfCreator{AcceptResult: "0x"}, &accepted)
		equal("the state", accepted.State, 3)
	}
	await(creatorEvents, "ResultsAccepted", isJob(3))
	return accepted
}

type file struct{ name, content string }

// Files in a tar archive, with the folder itself first, as v2 writes them.
func archive(files ...file) []byte {
	var bytes bytes.Buffer
	writer := tar.NewWriter(&bytes)
	now := time.Now()
	must(writer.WriteHeader(&tar.Header{Name: ".", Typeflag: tar.TypeDir, Mode: 0o755, ModTime: now, Uname: "root"}))
	for _, file := range files {
		size := int64(len(file.content))
		must(writer.WriteHeader(&tar.Header{Name: file.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: size, ModTime: now}))
		_, err := writer.Write([]byte(file.content))
		must(err)
	}
	must(writer.Close())
	return bytes.Bytes()
}

func unpack(archive []byte) map[string]string {
	files := map[string]string{}
	reader := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := reader.Next()
		if err == io.EOF {
			return files
		}
		must(err)
		content, err := io.ReadAll(reader)
		must(err)
		files[header.Name] = string(content)
	}
}

func equal[T comparable](what string, got, wanted T) {
	if got != wanted {
		fail("%s: %v, and not %v", what, got, wanted)
	}
}

func step(what, id string) { fmt.Println(what, id) }
