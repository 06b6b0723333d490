Console.WriteLine("svp");
