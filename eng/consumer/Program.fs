// What docs/how-to/fsharp.md shows: modules are annotated with the type that a fixed layer has too.
open EtfNet
open TorchSharp
open type TorchSharp.torch

type Net() as this =
    inherit nn.Module<Tensor, Tensor>("Net")

    let hidden: nn.Module<Tensor, Tensor> = nn.Linear(16L, 16L)
    let head: nn.Module<Tensor, Tensor> = nn.Linear(16L, 4L)
    do this.RegisterComponents()

    override _.forward x =
        use scope = NewDisposeScope()
        head.call(nn.functional.relu(hidden.call x)).MoveToOuterDisposeScope()

random.manual_seed 1L |> ignore
let labels = arange(400L).remainder(4L.ToScalar())
let inputs = randn([| 4L; 16L |]).mul(4L.ToScalar()).index_select(0L, labels).add(randn([| 400L; 16L |]))
let model = new Net()
let optimizer = optim.SGD(model.parameters (), 0.05, 0.9)
let etf = model.ApplyAdaptiveEtf(0.2, optimizer)

for _ in 1..4 do
    for start in 0L .. 9L do
        use scope = NewDisposeScope()
        let batch = arange(start, 400L, 10L)
        let y = labels.index_select(0L, batch)
        optimizer.zero_grad ()
        let loss = nn.functional.cross_entropy(model.call(inputs.index_select(0L, batch)), y)
        loss.backward ()
        optimizer.step () |> ignore
        etf.Observe y
    printfn "%O" (etf.EndEpoch())
